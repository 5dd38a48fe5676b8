import type { Causes } from './causes.ts'

/** What the rules of many kinds begin with. */

/** One of a few words; `''` and a field that is not there are two things to upstream. */
export function validateChoice(
  value: string | undefined,
  supported: readonly string[],
  path: string,
  causes: Causes,
): void {
  if (value !== undefined && !supported.includes(value)) {
    causes.notSupported(path, value, supported)
  }
}

/** The same of a field that has to be there. */
export function validateRequiredChoice(
  value: string | undefined,
  supported: readonly string[],
  path: string,
  causes: Causes,
): void {
  if (!value) causes.required(path)
  else validateChoice(value, supported, path, causes)
}

/** Each text of a list is what `errors` says. */
export function validateTexts(
  values: readonly string[] | undefined | null,
  errors: (value: string) => readonly string[],
  path: string,
  causes: Causes,
): void {
  for (const [index, value] of (values ?? []).entries()) {
    for (const text of errors(value)) causes.invalid(`${path}[${index}]`, value, text)
  }
}

/** No text twice. */
export function validateUnique(
  values: readonly string[] | undefined | null,
  pathOf: (index: number) => string,
  causes: Causes,
): void {
  const seen = new Set<string>()
  for (const [index, value] of (values ?? []).entries()) {
    if (seen.has(value)) causes.duplicate(pathOf(index), value)
    seen.add(value)
  }
}
