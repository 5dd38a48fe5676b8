import { quoted } from './causes.ts'

/** What Go's net/url.Parse finds in a text. */
export interface GoUrl {
  readonly scheme: string
  readonly host: string
  /** Absent without an `@`. */
  readonly user?: string
  readonly query: string
  readonly fragment: string
}

const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/s
/** Source: validEncoded, shouldEscape of the mode encodeHost. */
const badHostCharacter = /[^\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/

/**
 * Splits a URL as Go does, which takes nearly anything: a text without a scheme is a path.
 * Source: net/url/url.go Parse.
 * @returns a text for what is none
 */
export function parseGoUrl(raw: string): GoUrl | string {
  const why = (text: string) => `parse ${quoted(raw)}: ${text}`
  const hash = raw.indexOf('#')
  const plain = hash < 0 ? raw : raw.slice(0, hash)
  const fragment = hash < 0 ? '' : raw.slice(hash + 1)
  if (/[\u0000-\u001f\u007f]/.test(plain)) {
    return why('net/url: invalid control character in URL')
  }
  if (plain.startsWith(':')) return why('missing protocol scheme')
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(plain)?.[1] ?? ''
  const afterScheme = scheme === '' ? plain : plain.slice(scheme.length + 1)
  const mark = afterScheme.indexOf('?')
  const rest = mark < 0 ? afterScheme : afterScheme.slice(0, mark)
  const query = mark < 0 ? '' : afterScheme.slice(mark + 1)
  const parts = { scheme: scheme.toLowerCase(), query, fragment }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...parts, host: '' }
    if ((rest.split('/')[0] ?? '').includes(':')) {
      return why('first path segment in URL cannot contain colon')
    }
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))
  const end = hasAuthority ? rest.indexOf('/', 2) : 0
  const authority = hasAuthority ? rest.slice(2, end < 0 ? undefined : end) : ''
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const wrong = hostError(host) ?? escapeError(end < 0 ? '' : rest.slice(end))
  if (wrong !== undefined) return why(wrong)
  return { ...parts, host, ...(at < 0 ? {} : { user: authority.slice(0, at) }) }
}

function hostError(host: string): string | undefined {
  const bad = badHostCharacter.exec(host)?.[0]
  if (bad !== undefined) return `invalid character ${quoted(bad)} in host name`
  const port = /:[^:\]]*$/.exec(host)?.[0]
  if (port !== undefined && !/^:\d*$/.test(port)) return `invalid port ${quoted(port)} after host`
  return escapeError(host)
}

function escapeError(text: string): string | undefined {
  const bad = badEscape.exec(text)?.[0]
  return bad === undefined ? undefined : `invalid URL escape ${quoted(bad)}`
}
