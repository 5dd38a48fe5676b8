import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { type Condition, validateConditions } from './conditions.ts'
import { validateDriverName } from './csi.ts'
import {
  type Configuration,
  listMax,
  validateBindingConditions,
  validateConfiguration,
  validateData,
  validateLabelOf,
  validatePoolName,
} from './devices.ts'
import { validateRequiredChoice } from './fields.ts'
import { formatIp, parseCidr } from './ip.ts'
import { validateSet, validateSlice } from './lists.ts'
import { requestNamesOf, validateNames, validateRequestReference } from './resource-claims.ts'

/** Source of all: kubernetes pkg/apis/resource/validation, pkg/registry/resource/resourceclaim. */

interface Device {
  readonly driver?: string
  readonly pool?: string
  readonly device?: string
  readonly shareID?: string
}

interface Result extends Device {
  readonly request?: string
  readonly bindingConditions?: readonly string[]
  readonly bindingFailureConditions?: readonly string[]
}

interface DeviceStatus extends Device {
  readonly conditions?: readonly Condition[]
  readonly data?: unknown
  readonly networkData?: {
    readonly interfaceName?: string
    readonly hardwareAddress?: string
    readonly ips?: readonly string[]
  }
}

interface Allocated {
  readonly results?: readonly Result[]
  readonly config?: readonly (Configuration & { source?: string; requests?: readonly string[] })[]
}

const reservedMax = 256
const conditionsMax = 8
const addressesMax = 16

function idOf({ driver = '', pool = '', device = '', shareID }: Device): string {
  return [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/')
}

function resultsOf({ status }: KubeObject): readonly Result[] {
  return status?.allocation?.devices?.results ?? []
}

/** What is said of devices goes with them. Source: dropDeallocatedStatusDevices. */
export function dropDeallocated(next: KubeObject, old: KubeObject): void {
  const gone = new Set(resultsOf(old).map(idOf))
  for (const result of resultsOf(next)) gone.delete(idOf(result))
  const devices: readonly Device[] = next.status?.devices ?? []
  if (!devices.some(device => gone.has(idOf(device)))) return
  next.status = { ...next.status, devices: devices.filter(device => !gone.has(idOf(device))) }
}

export function validateClaimStatus(next: KubeObject, old: KubeObject, causes: Causes): void {
  const { reservedFor = [], devices, allocation } = next.status ?? {}
  validateReserved(next, old, causes)
  const allocated = new Set(resultsOf(next).map(idOf))
  validateSet(devices as DeviceStatus[], -1, 'status.devices', causes, idOf, (device, path) =>
    validateDevice(device, allocated, path, causes),
  )
  if (reservedFor.length > 0 && allocation === undefined) {
    const text = 'may not be specified when `allocated` is not set'
    causes.forbidden('status.reservedFor', text)
  }
  const before = old.status?.allocation
  if (allocation === undefined) return
  if (before === undefined) {
    const names = requestNamesOf(next.spec?.devices ?? {})
    validateAllocation(allocation.devices ?? {}, names, 'status.allocation.devices', causes)
  } else if (!semanticEqual(allocation, before)) {
    causes.invalid('status.allocation', allocation, 'field is immutable')
  }
}

interface Consumer {
  readonly resource?: string
  readonly name?: string
  readonly uid?: string
}

function validateReserved(next: KubeObject, old: KubeObject, causes: Causes): void {
  const path = 'status.reservedFor'
  const reserved: readonly Consumer[] = next.status?.reservedFor ?? []
  validateSet(
    reserved,
    reservedMax,
    path,
    causes,
    ({ uid = '' }) => uid,
    (consumer, at) => {
      for (const field of ['resource', 'name', 'uid'] as const) {
        if (!consumer[field]) causes.required(`${at}.${field}`)
      }
    },
  )
  if (!next.metadata.deletionTimestamp || next.status?.allocation === undefined) return
  const before: readonly Consumer[] = old.status?.reservedFor ?? []
  if (reserved.every(one => before.some(other => semanticEqual(one, other)))) return
  const text =
    'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
  causes.forbidden(path, text)
}

function validateAllocation(
  { results, config }: Allocated,
  names: ReadonlySet<string>,
  path: string,
  causes: Causes,
): void {
  validateSlice(results, listMax, `${path}.results`, causes, (result, at) => {
    validateRequestReference(result.request ?? '', names, `${at}.request`, causes)
    validateIdentity(result, at, causes)
    const { bindingConditions = [], bindingFailureConditions = [] } = result
    validateBindingConditions(bindingConditions, bindingFailureConditions, at, causes)
  })
  validateSlice(config, 2 * listMax, `${path}.config`, causes, (one, at) => {
    validateRequiredChoice(one.source, ['FromClaim', 'FromClass'], `${at}.source`, causes)
    validateNames(one.requests, names, `${at}.requests`, causes)
    validateConfiguration(one, at, causes)
  })
}

function validateIdentity(device: Device, path: string, causes: Causes): void {
  validateDriverName(device.driver ?? '', `${path}.driver`, causes)
  validatePoolName(device.pool ?? '', `${path}.pool`, causes)
  validateLabelOf(device.device ?? '', `${path}.device`, causes)
  const { shareID } = device
  if (shareID === undefined) return
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(shareID)
  if (!isUuid) {
    causes.invalid(`${path}.shareID`, shareID, 'error validating uid: invalid UUID format')
  } else if (shareID !== shareID.toLowerCase()) {
    const text =
      'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with ' +
      'lowercase hexadecimal characters'
    causes.invalid(`${path}.shareID`, shareID, text)
  }
}

function validateDevice(
  device: DeviceStatus,
  allocated: ReadonlySet<string>,
  path: string,
  causes: Causes,
): void {
  validateIdentity(device, path, causes)
  if (!allocated.has(idOf(device))) {
    const { driver = '', pool = '', device: name = '', shareID = '' } = device
    const shown = { Driver: driver, Pool: pool, Device: name, ShareID: shareID }
    causes.invalid(path, shown, 'must be an allocated device in the claim')
  }
  const { conditions = [], data, networkData } = device
  if (conditions.length > conditionsMax) {
    causes.tooMany(`${path}.conditions`, conditions.length, conditionsMax)
  }
  validateConditions(conditions, `${path}.conditions`, causes)
  if (data !== undefined) validateData(data, `${path}.data`, causes)
  if (networkData) validateNetwork(networkData, `${path}.networkData`, causes)
}

function validateNetwork(
  { interfaceName = '', hardwareAddress = '', ips }: NonNullable<DeviceStatus['networkData']>,
  path: string,
  causes: Causes,
): void {
  if (interfaceName.length > 256) causes.tooLong(`${path}.interfaceName`, 256)
  if (hardwareAddress.length > 128) causes.tooLong(`${path}.hardwareAddress`, 128)
  validateSet(
    ips,
    addressesMax,
    `${path}.ips`,
    causes,
    ip => ip,
    (text, at) => {
      const cidr = parseCidr(text)
      const canonical = cidr && `${formatIp(cidr.ip)}/${cidr.bits}`
      if (canonical === undefined) {
        const wrong = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
        causes.invalid(at, text, wrong)
      } else if (text !== canonical) {
        causes.invalid(at, text, `must be in canonical form ("${canonical}")`)
      }
    },
  )
}
