/** What the first line of an HTTP request asks for. */
export interface Target {
  /** Without the query, as it came. */
  readonly path: string
  /** Decoded parts of the path; empty ones are left out. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
}

/**
 * Takes a request's target apart; undefined for one whose escapes are none. Not with URL, which
 * throws for what clients send (`//`, `/\`), and takes the host of what follows.
 */
export function parseTarget(target: string): Target | undefined {
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const segments = path
    .split('/')
    .filter(part => part !== '')
    .map(percentDecoded)
  if (!segments.every(segment => segment !== undefined)) return undefined
  return { path, segments, query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) }
}

/** Undefined when an escape is none, or the bytes are no UTF-8. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
