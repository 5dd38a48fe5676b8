import { isDeepStrictEqual } from 'node:util'
import type { Endpoints, Node } from '../objects.ts'
import { ownValue } from '../own.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import {
  configKeyErrors,
  dnsLabelErrors,
  ipText,
  isIpAddress,
  isLoopback,
  labelValueErrors,
  portNumberErrors,
  qualifiedNameErrors,
  specialIpErrors,
} from './names.ts'

/** Source of all: kubernetes pkg/apis/core/validation, pkg/apis/discovery/validation. */

const dataBytesMax = 1024 * 1024

export function validateNode({ spec }: Node, causes: Causes): void {
  const seen = new Set<string>()
  for (const [index, taint] of (spec?.taints ?? []).entries()) {
    // Upstream's path: it validates the spec by way of the metadata.
    const at = `metadata.taints[${index}]`
    const { key: name = '', value = '' } = taint
    for (const text of qualifiedNameErrors(name)) causes.invalid(`${at}.key`, name, text)
    for (const text of labelValueErrors(value)) causes.invalid(`${at}.value`, value, text)
    const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
    if (!taint.effect) causes.required(`${at}.effect`)
    else if (!effects.includes(taint.effect))
      causes.notSupported(`${at}.effect`, taint.effect, effects)
    const key = `${taint.key}:${taint.effect}`
    if (seen.has(key)) causes.duplicate(at, taint)
    seen.add(key)
  }
}

export function validateNodeUpdate(next: Node, old: Node, causes: Causes): void {
  if (old.spec?.providerID && next.spec?.providerID !== old.spec.providerID) {
    causes.forbidden(
      'spec.providerID',
      'node updates may only change labels, taints, or capacity (or configSource, if the ' +
        'DynamicKubeletConfig feature gate is enabled)',
    )
  }
  const before = old.spec?.podCIDRs ?? []
  if (before.length > 0 && !isDeepStrictEqual(next.spec?.podCIDRs, before)) {
    causes.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')
  }
}

export function validateConfigMap(object: KubeObject, causes: Causes): void {
  const data: Record<string, string> = object.data ?? {}
  const binary: Record<string, string> = object.binaryData ?? {}
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    for (const text of configKeyErrors(key)) causes.invalid(`data[${key}]`, key, text)
    if (Object.hasOwn(binary, key))
      causes.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(binary)) {
    for (const text of configKeyErrors(key)) causes.invalid(`binaryData[${key}]`, key, text)
    bytes += Buffer.byteLength(value, 'base64')
  }
  if (bytes > dataBytesMax) causes.tooLong('[]', dataBytesMax)
}

export function validateConfigMapUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  validateImmutable(next, old, ['data', 'binaryData'], causes)
}

export function validateSecretUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (next.type !== old.type) causes.invalid('type', next.type, 'field is immutable')
  validateImmutable(next, old, ['data'], causes)
}

function validateImmutable(
  next: KubeObject,
  old: KubeObject,
  fields: readonly string[],
  causes: Causes,
): void {
  if (!old.immutable) return
  if (!next.immutable) causes.forbidden('immutable', 'field is immutable when `immutable` is set')
  for (const field of fields) {
    if (!isDeepStrictEqual(next[field], old[field])) {
      causes.forbidden(field, 'field is immutable when `immutable` is set')
    }
  }
}

/** Keys that a secret of a type must have. */
const secretKeys: Record<string, readonly string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
}

export function validateSecret(object: KubeObject, causes: Causes): void {
  const data: Record<string, string> = object.data ?? {}
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    for (const text of configKeyErrors(key)) causes.invalid(`data[${key}]`, key, text)
    bytes += Buffer.byteLength(value, 'base64')
  }
  if (bytes > dataBytesMax) causes.tooLong('data', dataBytesMax)
  for (const key of ownValue(secretKeys, object.type ?? '') ?? []) {
    if (ownValue(data, key) === undefined) causes.required(`data[${key}]`)
  }
}

export function validateEndpoints({ subsets }: Endpoints, causes: Causes): void {
  for (const [index, subset] of (subsets ?? []).entries()) {
    const at = `subsets[${index}]`
    const addresses = subset.addresses ?? []
    const notReady = subset.notReadyAddresses ?? []
    if (addresses.length + notReady.length === 0) {
      causes.required(at, 'must specify `addresses` or `notReadyAddresses`')
    }
    for (const [name, list] of Object.entries({ addresses, notReadyAddresses: notReady })) {
      for (const [place, { ip = '' }] of list.entries()) {
        if (isIpAddress(ip)) {
          // Not so upstream: the pods and API servers of a cluster on one machine are on loopback.
          const wrong = isLoopback(ip) ? [] : specialIpErrors(ip)
          for (const text of wrong) causes.invalid(`${at}.${name}[${place}].ip`, ip, text)
          continue
        }
        // Upstream looks twice: whether it is one, and whether it may be an endpoint's.
        causes.invalid(`${at}.${name}[${place}].ip`, ip, ipText)
        causes.invalid(`${at}.${name}[${place}].ip`, ip, 'must be a valid IP address')
      }
    }
    for (const [place, port] of (subset.ports ?? []).entries()) {
      for (const text of portNumberErrors(port.port)) {
        causes.invalid(`${at}.ports[${place}].port`, port.port ?? 0, text)
      }
      const { name = '' } = port
      if (name === '' && (subset.ports?.length ?? 0) > 1) {
        causes.required(`${at}.ports[${place}].name`)
      }
      for (const text of name === '' ? [] : dnsLabelErrors(name)) {
        causes.invalid(`${at}.ports[${place}].name`, name, text)
      }
    }
  }
}
