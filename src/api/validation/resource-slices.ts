import type { NodeSelectorTerm } from '../objects.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateDriverName } from './csi.ts'
import {
  type Configuration,
  listMax,
  type Selector,
  taintEffects,
  validateBindingConditions,
  validateConfiguration,
  validateDeviceKey,
  validateLabelOf,
  validatePoolName,
  validateSelectors,
  validateText,
} from './devices.ts'
import { validateRequiredChoice } from './fields.ts'
import { validateSet, validateSlice } from './lists.ts'
import { dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from './names.ts'

/** Source of all: kubernetes pkg/apis/resource/validation/validation.go. */

interface Attribute {
  readonly int?: number
  readonly bool?: boolean
  readonly string?: string
  readonly version?: string
}

interface Place {
  readonly nodeName?: string
  readonly nodeSelector?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] }
  readonly allNodes?: boolean
}

interface Device extends Place {
  readonly name?: string
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly capacity?: Readonly<Record<string, { readonly requestPolicy?: object }>>
  readonly taints?: readonly { key?: string; value?: string; effect?: string }[]
  readonly consumesCounters?: readonly object[]
  readonly allowMultipleAllocations?: boolean
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

interface Spec extends Place {
  readonly driver?: string
  readonly pool?: { name?: string; generation?: number; resourceSliceCount?: number }
  readonly perDeviceNodeSelection?: boolean
  readonly devices?: readonly Device[]
}

const immutable = 'field is immutable'
const oneOf =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

/** What is behind a feature that is off. Source: resourceslice/strategy.go dropDisabledFields. */
const disabled = [
  ...['taints', 'consumesCounters', 'nodeName', 'nodeSelector', 'allNodes', 'bindingConditions'],
  ...['bindingFailureConditions', 'bindsToNode', 'allowMultipleAllocations'],
]

export function dropDisabledFields({ spec }: KubeObject): void {
  if (!spec) return
  for (const field of ['sharedCounters', 'perDeviceNodeSelection']) delete spec[field]
  for (const device of spec.devices ?? []) {
    for (const field of disabled) delete device[field]
    for (const capacity of Object.values(device.capacity ?? {})) {
      delete (capacity as { requestPolicy?: object }).requestPolicy
    }
  }
}

export function validateResourceSlice(object: KubeObject, causes: Causes): void {
  const spec: Spec = object.spec ?? {}
  const { name = '', resourceSliceCount = 0, generation = 0 } = spec.pool ?? {}
  validateDriverName(spec.driver ?? '', 'spec.driver', causes)
  validatePoolName(name, 'spec.pool.name', causes)
  if (resourceSliceCount <= 0) {
    const text = 'must be greater than zero'
    causes.invalid('spec.pool.resourceSliceCount', resourceSliceCount, text)
  }
  if (generation < 0) {
    const text = 'must be greater than or equal to zero'
    causes.invalid('spec.pool.generation', generation, text)
  }
  validatePlace(spec, causes)
  const devices = spec.devices ?? []
  const isCostly = devices.some(one => one.taints?.length || one.consumesCounters?.length)
  const keyOf = ({ name: key = '' }: Device) => key
  validateSet(devices, isCostly ? 64 : 128, 'spec.devices', causes, keyOf, (device, path) =>
    validateDevice(device, path, causes),
  )
}

export function validateResourceSliceUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  validateResourceSlice(next, causes)
  const fixed = [
    ['pool.name', next.spec?.pool?.name, old.spec?.pool?.name],
    ['driver', next.spec?.driver, old.spec?.driver],
    ['nodeName', next.spec?.nodeName, old.spec?.nodeName],
  ] as const
  for (const [field, value, was] of fixed) {
    if (!semanticEqual(value, was)) causes.invalid(`spec.${field}`, value, immutable)
  }
}

/** On which nodes the devices are. */
function validatePlace(spec: Spec, causes: Causes): void {
  const { nodeName, nodeSelector } = spec
  const set: string[] = []
  if (nodeName) {
    set.push('`nodeName`')
    validateText(nodeName, dnsSubdomainErrors, 'spec.nodeName', causes)
  } else if (nodeName !== undefined) {
    const text = 'must be either unset or set to a non-empty string'
    causes.invalid('spec.nodeName', nodeName, text)
  }
  if (nodeSelector) {
    set.push('`nodeSelector`')
    const terms = nodeSelector.nodeSelectorTerms ?? []
    const path = 'spec.nodeSelector.nodeSelectorTerms'
    if (terms.length === 0) causes.required(path, 'must have at least one node selector term')
    if (terms.length !== 1) {
      causes.invalid(path, terms, 'must have exactly one node selector term')
    }
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field]) set.push(`\`${field}\``)
    else if (spec[field] === false) {
      causes.invalid(`spec.${field}`, false, 'must be either unset or set to true')
    }
  }
  if (set.length === 0) causes.required('spec', oneOf)
  if (set.length < 2) return
  causes.invalid('spec', `{${set.join(', ')}}`, `${oneOf}, but multiple fields are set`)
}

const semver = new RegExp(
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)' +
    '(-(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?' +
    '(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$',
)
const valueBytesMax = 64
const keyBytesMax = 63 + 1 + 32

function validateDevice(device: Device, path: string, causes: Causes): void {
  const { name = '', attributes = {}, capacity = {}, taints } = device
  validateLabelOf(name, `${path}.name`, causes)
  const count = Object.keys(attributes).length + Object.keys(capacity).length
  if (count > listMax) {
    const text = `the total number of attributes and capacities must not exceed ${listMax}`
    causes.invalid(path, count, text)
  }
  for (const [key, attribute] of Object.entries(attributes)) {
    const at = `${path}.attributes[${shortened(key)}]`
    validateDeviceKey(key, at, causes)
    validateAttribute(attribute, at, causes)
  }
  for (const [key, { requestPolicy }] of Object.entries(capacity)) {
    const at = `${path}.capacity[${shortened(key)}]`
    validateDeviceKey(key, at, causes)
    if (requestPolicy !== undefined && !device.allowMultipleAllocations) {
      causes.forbidden(`${at}.requestPolicy`, 'allowMultipleAllocations must be true')
    }
  }
  validateSlice(taints, 16, `${path}.taints`, causes, ({ key = '', value = '', effect }, at) => {
    validateText(key, qualifiedNameErrors, `${at}.key`, causes)
    validateText(value, labelValueErrors, `${at}.value`, causes)
    validateRequiredChoice(effect, taintEffects, `${at}.effect`, causes)
  })
  const { bindingConditions = [], bindingFailureConditions = [] } = device
  validateBindingConditions(bindingConditions, bindingFailureConditions, path, causes)
}

/** Source: truncateIfTooLong. */
function shortened(key: string): string {
  if (key.length <= keyBytesMax) return key
  const left = keyBytesMax - 3
  const head = key.slice(0, Math.floor((left + 1) / 2))
  return `${head}...${key.slice(key.length - Math.floor(left / 2))}`
}

function validateAttribute(attribute: Attribute, path: string, causes: Causes): void {
  const { int, bool, string, version } = attribute
  if (string !== undefined && Buffer.byteLength(string) > valueBytesMax) {
    causes.tooLong(`${path}.string`, valueBytesMax)
  }
  if (version !== undefined && !semver.test(version)) {
    const text = 'must be a string compatible with semver.org spec 2.0.0'
    causes.invalid(`${path}.version`, version, text)
  }
  if (version !== undefined && Buffer.byteLength(version) > valueBytesMax) {
    causes.tooLong(`${path}.version`, valueBytesMax)
  }
  const set = [int, bool, string, version].filter(value => value !== undefined)
  if (set.length === 1) return
  const shown = {
    IntValue: int ?? null,
    BoolValue: bool ?? null,
    StringValue: string ?? null,
    VersionValue: version ?? null,
  }
  causes.invalid(path, set.length === 0 ? '' : shown, 'exactly one value must be specified')
}

interface ClassSpec {
  readonly selectors?: readonly Selector[]
  readonly config?: readonly Configuration[]
}

export function validateDeviceClass(object: KubeObject, causes: Causes): void {
  const spec: ClassSpec = object.spec ?? {}
  validateSelectors(spec.selectors, 'spec.selectors', causes)
  validateSlice(spec.config, listMax, 'spec.config', causes, (one, path) =>
    validateConfiguration(one, path, causes),
  )
}
