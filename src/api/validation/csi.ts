import type { LabelSelector } from '../objects.ts'
import { parseQuantity } from '../quantity.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateChoice } from './fields.ts'
import { dnsSubdomainErrors, qualifiedNameErrors } from './names.ts'
import { nodeLabelWarning } from './node-labels.ts'
import { isLabelSelector, validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/storage/validation/validation.go. */

const immutable = 'field is immutable'
const driverNameBytesMax = 63
const nodeIdCharactersMax = 256

/** Source: core ValidateCSIDriverName. */
export function validateDriverName(name: string, path: string, causes: Causes): void {
  if (name === '') {
    causes.required(path)
    return
  }
  if (name.length > driverNameBytesMax) causes.tooLong(path, driverNameBytesMax)
  for (const text of dnsSubdomainErrors(name.toLowerCase())) causes.invalid(path, name, text)
}

export function validateCsiDriver({ spec = {} }: KubeObject, causes: Causes): void {
  const required = {
    attachRequired: 'attachedRequired',
    podInfoOnMount: 'podInfoOnMount',
    storageCapacity: 'storageCapacity',
    seLinuxMount: 'seLinuxMount',
  }
  for (const [field, shown] of Object.entries(required)) {
    if (spec[field] === undefined) causes.required(`spec.${shown}`)
  }
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType']
  validateChoice(spec.fsGroupPolicy, policies, 'spec.fsGroupPolicy', causes)
  validateTokenRequests(spec.tokenRequests ?? [], 'spec.tokenRequests', causes)
  for (const mode of spec.volumeLifecycleModes ?? []) {
    validateChoice(mode, ['Persistent', 'Ephemeral'], 'spec.volumeLifecycleModes', causes)
  }
  const { nodeAllocatableUpdatePeriodSeconds: seconds, serviceAccountTokenInSecrets } = spec
  if (seconds !== undefined && seconds < 10) {
    const path = 'spec.nodeAllocatableUpdatePeriodSeconds'
    causes.invalid(path, seconds, 'must be greater than or equal to 10 seconds')
  }
  if (serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    causes.invalid('spec.serviceAccountTokenInSecrets', serviceAccountTokenInSecrets, text)
  }
}

interface TokenRequest {
  readonly audience?: string
  readonly expirationSeconds?: number
}

function validateTokenRequests(
  requests: readonly TokenRequest[],
  path: string,
  causes: Causes,
): void {
  const audiences = new Set<string>()
  for (const [index, { audience = '', expirationSeconds: seconds }] of requests.entries()) {
    const at = `${path}[${index}]`
    if (audiences.has(audience)) {
      causes.duplicate(`${at}.audience`, audience)
      continue
    }
    audiences.add(audience)
    if (seconds === undefined) continue
    const limit =
      seconds < 600 ? 'less than 10 minutes' : seconds > 2 ** 32 ? 'larger than 2^32 seconds' : ''
    if (limit === '') continue
    causes.invalid(`${at}.expirationSeconds`, seconds, `may not specify a duration ${limit}`)
  }
}

export function validateCsiDriverUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  validateCsiDriver(next, causes)
  const fixed = { attachRequired: 'attachedRequired', volumeLifecycleModes: 'volumeLifecycleModes' }
  for (const [field, shown] of Object.entries(fixed)) {
    if (semanticEqual(next.spec?.[field], old.spec?.[field])) continue
    causes.invalid(`spec.${shown}`, next.spec?.[field], immutable)
  }
}

/** Source: pkg/registry/storage/csidriver/strategy.go. */
export function csiDriverWarnings({ spec = {} }: KubeObject, old?: KubeObject): string[] {
  const isSame = old !== undefined && semanticEqual(spec.tokenRequests, old.spec?.tokenRequests)
  const isSaid = !spec.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined
  if (isSame || isSaid) return []
  return [
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to ' +
      'prevent possible logging of tokens in volume attributes',
  ]
}

interface NodeDriver {
  readonly name?: string
  readonly nodeID?: string
  readonly topologyKeys?: readonly string[] | null
  readonly allocatable?: { readonly count?: number }
}

export function validateCsiNode({ spec }: KubeObject, causes: Causes): void {
  const names = new Set<string>()
  for (const [index, driver] of ((spec?.drivers ?? []) as NodeDriver[]).entries()) {
    const at = `spec.drivers[${index}]`
    const { name = '', nodeID = '', allocatable } = driver
    validateDriverName(name, `${at}.name`, causes)
    if (nodeID === '') causes.required(`${at}.nodeID`)
    if (nodeID.length > nodeIdCharactersMax) {
      const text = `must be ${nodeIdCharactersMax} characters or less`
      causes.invalid(`${at}.nodeID`, nodeID, text)
    }
    const { count = 0 } = allocatable ?? {}
    if (count < 0) {
      const text = 'must be greater than or equal to 0'
      causes.invalid(`${at}.allocatable.count`, count, text)
    }
    if (names.has(name)) causes.duplicate(`${at}.name`, name)
    names.add(name)
    validateTopologyKeys(driver.topologyKeys ?? [], at, causes)
  }
}

/** Upstream names the driver, not the key. */
function validateTopologyKeys(keys: readonly string[], path: string, causes: Causes): void {
  const seen = new Set<string>()
  for (const key of keys) {
    if (key === '') causes.required(path)
    if (seen.has(key)) causes.duplicate(path, key)
    seen.add(key)
    for (const text of qualifiedNameErrors(key)) causes.invalid(path, key, text)
  }
}

export function validateCsiNodeUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  validateCsiNode(next, causes)
  const identity = ({ allocatable: _, ...rest }: NodeDriver) => rest
  for (const before of (old.spec?.drivers ?? []) as NodeDriver[]) {
    for (const driver of (next.spec?.drivers ?? []) as NodeDriver[]) {
      if (driver.name !== before.name) continue
      if (semanticEqual(identity(driver), identity(before))) continue
      const { name = '', nodeID = '', topologyKeys } = driver
      const keys = topologyKeys ?? null
      const shown = { Name: name, NodeID: nodeID, TopologyKeys: keys, Allocatable: null }
      causes.invalid('spec.drivers', shown, immutable)
    }
  }
}

/** `old` of an update: what its selector has wrong may stay. */
export function validateStorageCapacity(
  object: KubeObject,
  causes: Causes,
  old?: KubeObject,
): void {
  const { storageClassName = '', capacity, nodeTopology } = object
  const options = { anyValues: !isLabelSelector(old?.nodeTopology) }
  validateLabelSelector(nodeTopology, 'nodeTopology', causes, options)
  for (const text of dnsSubdomainErrors(storageClassName)) {
    causes.invalid('storageClassName', storageClassName, text)
  }
  if (capacity !== undefined && parseQuantity(capacity).nano < 0n) {
    causes.invalid('capacity', capacity, 'must be greater than or equal to 0')
  }
}

export function validateStorageCapacityUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  validateStorageCapacity(next, causes, old)
  for (const field of ['nodeTopology', 'storageClassName']) {
    if (!semanticEqual(next[field], old[field])) causes.invalid(field, next[field], immutable)
  }
}

/** Source: pkg/api/node/util.go GetWarningsForNodeSelector. */
export function storageCapacityWarnings({ nodeTopology }: KubeObject): string[] {
  const { matchExpressions = [], matchLabels = {} } = (nodeTopology ?? {}) as LabelSelector
  return [
    ...matchExpressions.flatMap(({ key }, index) => {
      const text = nodeLabelWarning(key)
      const at = `nodeTopology.matchExpressions[${index}].key`
      return text === undefined ? [] : [`${at}: ${key} is ${text}`]
    }),
    ...Object.keys(matchLabels).flatMap(key => {
      const text = nodeLabelWarning(key)
      return text === undefined ? [] : [`nodeTopology.matchLabels.${key}: ${text}`]
    }),
  ]
}
