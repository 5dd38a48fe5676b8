import { canonicalQuantity, parseQuantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { validateMode } from './files.ts'
import type { Loose } from './loose.ts'
import { qualifiedNameErrors } from './names.ts'
import { validateFilePath } from './paths.ts'
import { present } from './rules.ts'

/** What a pod can be told of itself. Source: kubernetes pkg/apis/core/validation/validation.go. */

const metaPaths = ['metadata.name', 'metadata.namespace', 'metadata.uid']

/** Fields that variables can have. */
export const envFieldPaths = [
  ...metaPaths,
  ...['spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs'],
  ...['status.podIP', 'status.podIPs'],
].sort()

const fileFieldPaths = [...metaPaths, 'metadata.labels', 'metadata.annotations'].sort()
const knownPaths = new Set([
  ...[...envFieldPaths, ...fileFieldPaths],
  ...['spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host'],
])

/** Source: validateObjectFieldSelector. */
export function fieldSelector(
  { apiVersion = '', fieldPath = '' }: Loose,
  allowed: readonly string[],
  at: string,
  causes: Causes,
): void {
  if (!present(apiVersion, `${at}.apiVersion`, causes)) return
  if (!present(fieldPath, `${at}.fieldPath`, causes)) return
  const subscripted = /^(.*)\['(.*)'\]$/s.exec(fieldPath)
  const known = subscripted?.[1] ?? fieldPath
  const wrong = conversionError(apiVersion, fieldPath, subscripted?.[1])
  if (wrong !== undefined) {
    causes.invalid(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${wrong}`)
  } else if (subscripted) {
    const key = subscripted[2] ?? ''
    const name = known === 'metadata.annotations' ? key.toLowerCase() : key
    for (const text of qualifiedNameErrors(name)) causes.invalid(at, name, text)
  } else {
    // Clients from before v1 say it so.
    const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
    if (!allowed.includes(path)) causes.notSupported(`${at}.fieldPath`, path, allowed)
  }
}

/** Source: pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel. */
function conversionError(
  apiVersion: string,
  fieldPath: string,
  subscripted: string | undefined,
): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`
  if (subscripted !== undefined) {
    const has = subscripted === 'metadata.annotations' || subscripted === 'metadata.labels'
    return has ? undefined : `field label does not support subscript: ${fieldPath}`
  }
  return knownPaths.has(fieldPath) ? undefined : `field label not supported: ${fieldPath}`
}

const resources = ['limits', 'requests'].flatMap(list =>
  ['cpu', 'ephemeral-storage', 'memory'].map(name => `${list}.${name}`),
)
const isHugePages = (name: string) => /^(requests|limits)\.hugepages-/.test(name)
const units = ['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const byteDivisors = ['1', ...units.map(unit => `1${unit}`)]
const byteKinds: Readonly<Record<string, string>> = {
  memory: 'memory',
  'ephemeral-storage': 'local ephemeral storage',
}

/** Source: validateContainerResourceFieldSelector. */
export function resourceSelector(
  { containerName, resource = '', divisor = '0' }: Loose,
  isFile: boolean,
  at: string,
  causes: Causes,
): void {
  if (isFile && !containerName) causes.required(`${at}.containerName`)
  else if (!resource) causes.required(`${at}.resource`)
  else if (!resources.includes(resource) && !isHugePages(resource)) {
    causes.notSupported(`${at}.resource`, resource, [...resources].sort())
  }
  if (parseQuantity(divisor).nano === 0n) return
  const name = String(resource).slice(String(resource).indexOf('.') + 1)
  const is = (choices: readonly string[]) => choices.includes(canonicalQuantity(divisor))
  const wrong = (values: string, kind: string) =>
    causes.invalid(
      `${at}.divisor`,
      resource,
      `only divisor's values ${values} are supported with the ${kind} resource`,
    )
  if (!resources.includes(resource) && !isHugePages(resource)) return
  if (name === 'cpu') {
    if (!is(['1m', '1'])) wrong('1m and 1', 'cpu')
  } else if (!is(byteDivisors)) wrong(byteDivisors.join(', '), byteKinds[name] ?? 'hugepages')
}

/** A file of a downward volume. Source: validateDownwardAPIVolumeFile. */
export function downwardFile(file: Loose, at: string, causes: Causes): void {
  const { path = '', fieldRef, resourceFieldRef, mode } = file
  present(path, `${at}.path`, causes)
  validateFilePath(path, `${at}.path`, causes)
  if (fieldRef) {
    fieldSelector(fieldRef, fileFieldPaths, `${at}.fieldRef`, causes)
    if (resourceFieldRef) {
      const text = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      causes.invalid(at, 'resource', text)
    }
  } else if (resourceFieldRef) {
    resourceSelector(resourceFieldRef, true, `${at}.resourceFieldRef`, causes)
  } else causes.required(at, 'one of fieldRef and resourceFieldRef is required')
  validateMode(mode, `${at}.mode`, causes)
}
