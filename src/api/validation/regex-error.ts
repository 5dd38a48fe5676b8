/** What is said of a text that a pattern does not match. Source: util/validation RegexError. */
export function regexError(text: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`
  const shown = examples.map(one => `'${one}', `).join(' or ')
  return `${text} (e.g. ${shown}regex used for validation is '${pattern}')`
}
