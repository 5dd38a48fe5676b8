/** Levels of nesting that a body may have. Go's decoders stop at 10,000; see docs/divergence.md. */
export const depthMax = 1_000

/** Problems of one body that are told. Source: sigs.k8s.io/json, saveStrictError. */
export const problemsMax = 100

/** Thrown for a text that is nested too deeply: HTTP 400. */
export class DepthError extends Error {
  override readonly name = 'DepthError'

  /** `character` is what opens the level too many, where that is known. */
  constructor(character?: string) {
    const where = character === undefined ? '' : `invalid character '${character}' `
    super(`${where}exceeded max depth`)
  }
}

/** One open object or list; `key` or `index` is where the walk stands in it. */
interface Level {
  readonly seen: Set<string> | undefined
  key: string
  index: number
}

/**
 * Paths of keys that a JSON text has twice in one object, which JSON.parse silently takes the last
 * of: `spec.replicas`, `spec.containers[0].name`; at most `problemsMax`. `text` must be valid JSON.
 * One pass without recursion: it is what guards all others from deep texts.
 * @throws DepthError above `depthMax` levels
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>()
  const levels: Level[] = []
  let top: Level | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '[') {
      if (levels.length === depthMax) throw new DepthError(character)
      top = { seen: character === '{' ? new Set() : undefined, key: '', index: 0 }
      levels.push(top)
    } else if (character === '}' || character === ']') {
      levels.pop()
      top = levels.at(-1)
    } else if (character === ',') {
      if (top !== undefined && top.seen === undefined) top.index++
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (top?.seen !== undefined && isKey(text, end)) {
        noteKey(levels, top, JSON.parse(text.slice(at, end)), found)
      }
      at = end - 1
    }
  }
  return [...found]
}

function noteKey(levels: readonly Level[], top: Level, key: string, found: Set<string>): void {
  top.key = key
  if (top.seen?.has(key) && found.size < problemsMax) found.add(pathOf(levels))
  top.seen?.add(key)
}

/** Index behind the closing quotation mark of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at)
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at + 1
  }
}

function isKey(text: string, end: number): boolean {
  let at = end
  while (at < text.length && ' \t\n\r'.includes(text[at] ?? '')) at++
  return text[at] === ':'
}

function pathOf(levels: readonly Level[]): string {
  let path = ''
  for (const { seen, key, index } of levels) {
    if (seen === undefined) path += `[${index}]`
    else path += path === '' ? key : `.${key}`
  }
  return path
}
