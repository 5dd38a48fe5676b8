/**
 * The rules of names, labels and numbers. Each function returns what is wrong, in upstream's words;
 * an empty list is good.
 * Source: k8s.io/apimachinery pkg/util/validation/validation.go.
 */

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const dns1035Pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const qualifiedPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const configKeyPattern = /^[-._a-zA-Z0-9]+$/

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', " +
  "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const subdomainText =
  'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ' +
  "'-' or '.', and must start and end with an alphanumeric character (e.g. " +
  "'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const dns1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start " +
  "with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name', " +
  " or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const qualifiedText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start " +
  "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', " +
  "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' " +
  "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or " +
  "'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const configKeyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. " +
  "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is " +
  "'[-._a-zA-Z0-9]+')"

function check(value: string, bytesMax: number, pattern: RegExp, text: string): string[] {
  const wrong: string[] = []
  if (value.length > bytesMax) wrong.push(`must be no more than ${bytesMax} characters`)
  if (!pattern.test(value)) wrong.push(text)
  return wrong
}

/** RFC 1123 label: container names, namespaces. */
export function dnsLabelErrors(value: string): string[] {
  return check(value, 63, labelPattern, labelText)
}

/** RFC 1123 subdomain: most names. */
export function dnsSubdomainErrors(value: string): string[] {
  return check(value, 253, subdomainPattern, subdomainText)
}

const underscorePattern = /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*$/
const underscoreText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', " +
  "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', " +
  'regex used for validation is ' +
  "'[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*')"

/** The same, with underscores: where names are searched for. */
export function subdomainWithUnderscoreErrors(value: string): string[] {
  return check(value, 253, underscorePattern, underscoreText)
}

/** RFC 1035 label: services. */
export function dns1035Errors(value: string): string[] {
  return check(value, 63, dns1035Pattern, dns1035Text)
}

/** `prefix/name` of labels, annotations, finalizers, taints. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/')
  const name = parts.at(-1) ?? ''
  const wrong: string[] = []
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedText.slice(10)} with an optional DNS subdomain prefix ` +
        `and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (prefix === '') wrong.push('prefix part must be non-empty')
    else {
      // Source: pkg/api/validate/content, which says bytes where others say characters.
      const errors = dnsSubdomainErrors(prefix).map(text => text.replace(/characters$/, 'bytes'))
      wrong.push(...errors.map(text => `prefix part ${text}`))
    }
  }
  if (name === '') wrong.push('name part must be non-empty')
  else if (name.length > 63) wrong.push('name part must be no more than 63 bytes')
  if (!qualifiedPattern.test(name)) wrong.push(qualifiedText)
  return wrong
}

/** A part of a path. Source: apimachinery pkg/api/validation/path/name.go. */
export function pathSegmentErrors(value: string, isPrefix = false): string[] {
  if (!isPrefix && (value === '.' || value === '..')) return [`may not be '${value}'`]
  return ['/', '%'].filter(one => value.includes(one)).map(one => `may not contain '${one}'`)
}

/** The value of a label. */
export function labelValueErrors(value: string): string[] {
  const wrong: string[] = []
  if (value.length > 63) wrong.push('must be no more than 63 bytes')
  if (value !== '' && !qualifiedPattern.test(value)) wrong.push(labelValueText)
  return wrong
}

/** A key of a ConfigMap or Secret. */
export function configKeyErrors(value: string): string[] {
  const wrong = check(value, 253, configKeyPattern, configKeyText)
  if (value === '.') wrong.push("must not be '.'")
  if (value === '..') wrong.push("must not be '..'")
  else if (value.startsWith('..')) wrong.push("must not start with '..'")
  return wrong
}

/** A port number. */
export function portNumberErrors(value: unknown): string[] {
  const good = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535
  return good ? [] : ['must be between 1 and 65535, inclusive']
}

/** A port's name: IANA service name. */
export function portNameErrors(value: string): string[] {
  const wrong: string[] = []
  if (value.length > 15) wrong.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(value)) {
    wrong.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(value)) wrong.push('must contain at least one letter (a-z)')
  if (value.includes('--')) wrong.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) {
    wrong.push('must not begin or end with a hyphen')
  }
  return wrong
}

/** What is said of something that is none. */
export const ipText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

/** An IPv4 or IPv6 address. */
export function isIpAddress(value: string): boolean {
  return isIpv4(value) || (value.includes(':') && /^[0-9a-fA-F:.]+$/.test(value))
}

/** Four decimal parts without leading zeros. */
export function isIpv4(value: string): boolean {
  const parts = value.split('.')
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
}

/** What no endpoint's address may be. Source: core's validation ValidateEndpointIP. */
export function specialIpErrors(ip: string): string[] {
  const lower = ip.toLowerCase()
  const wrong: string[] = []
  if (ip === '0.0.0.0' || /^[0:]+$/.test(ip)) wrong.push(`may not be unspecified (${ip})`)
  if (isLoopback(ip)) {
    wrong.push('may not be in the loopback range (127.0.0.0/8, ::1/128)')
  }
  if (/^169\.254\./.test(ip) || /^fe[89ab][0-9a-f]:/.test(lower)) {
    wrong.push('may not be in the link-local range (169.254.0.0/16, fe80::/10)')
  }
  if (/^224\.0\.0\./.test(ip) || /^ff02:/.test(lower)) {
    wrong.push('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')
  }
  return wrong
}

export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}
