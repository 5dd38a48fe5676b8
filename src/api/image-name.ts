/**
 * Names of images as container registries have them.
 * Source: github.com/distribution/reference normalize.go, regexp.go.
 */

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${label}(?:\\.${label})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`
const component = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*'
const path = `${component}(?:/${component})*`
const digestPart = '[A-Za-z][A-Za-z0-9]*'
const digest = `${digestPart}(?:[-_+.]${digestPart})*:[0-9A-Fa-f]{32,}`
const pattern = new RegExp(`^(${domain}/${path})(?::([\\w][\\w.-]{0,127}))?(?:@(${digest}))?$`)
const identifier = /^[a-f0-9]{64}$/
const nameLengthMax = 255

/** The tag; `latest` when there is neither one nor a digest, '' for what is no name. */
export function imageTag(image: string): string {
  if (identifier.test(image)) return ''
  const found = pattern.exec(withDomain(image))
  if (found === null || (found[1] ?? '').length > nameLengthMax) return ''
  const [, , tag, hash] = found
  return tag ?? (hash === undefined ? 'latest' : '')
}

/** With the registry that is meant when none is named. */
function withDomain(image: string): string {
  const slash = image.indexOf('/')
  const first = image.slice(0, Math.max(slash, 0))
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first
  if (slash >= 0 && isDomain) return image
  return image.includes('/') ? `docker.io/${image}` : `docker.io/library/${image}`
}

/** Source: core/v1/defaults.go SetDefaults_Container: what may change is pulled each time. */
export function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
}
