import type { PodSpec } from '../objects.ts'
import type { Causes } from './causes.ts'
import { dnsSubdomainErrors, ipText, isIpAddress } from './names.ts'

/** What all containers of a pod share. Source: pkg/apis/core/validation/validation.go. */

const idMax = 2 ** 31 - 1
/** Source: MaxDNSNameservers, MaxDNSSearchPaths, MaxDNSSearchListChars. */
const dnsMax = { nameservers: 3, searches: 32, searchCharacters: 2_048 } as const

export function validateDnsConfig(spec: PodSpec, path: string, causes: Causes): void {
  const { dnsConfig, dnsPolicy } = spec
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  if (dnsPolicy === 'None' && dnsConfig === undefined) {
    causes.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')
    return
  }
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const text = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    causes.required(`${path}.nameservers`, text)
    return
  }
  if (nameservers.length > dnsMax.nameservers) {
    const text = `must not have more than ${dnsMax.nameservers} nameservers`
    causes.invalid(`${path}.nameservers`, nameservers, text)
  }
  for (const [index, address] of nameservers.entries()) {
    if (!isIpAddress(address)) causes.invalid(`${path}.nameservers[${index}]`, address, ipText)
  }
  if (searches.length > dnsMax.searches) {
    const text = `must not have more than ${dnsMax.searches} search paths`
    causes.invalid(`${path}.searches`, searches, text)
  }
  if (searches.join(' ').length > dnsMax.searchCharacters) {
    const most = dnsMax.searchCharacters
    const text = `must not have more than ${most} characters (including spaces) in the search list`
    causes.invalid(`${path}.searches`, searches, text)
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) causes.required(`${path}.options[${index}]`, 'must not be empty')
  }
}

export function validateHostAliases(spec: PodSpec, path: string, causes: Causes): void {
  for (const [index, { ip = '', hostnames = [] }] of (spec.hostAliases ?? []).entries()) {
    if (!isIpAddress(ip)) causes.invalid(`${path}[${index}].ip`, ip, ipText)
    for (const [place, name] of hostnames.entries()) {
      for (const text of dnsSubdomainErrors(name)) {
        causes.invalid(`${path}[${index}].hostnames[${place}]`, name, text)
      }
    }
  }
}

export function validateSecurityContext(spec: PodSpec, path: string, causes: Causes): void {
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [] } = spec.securityContext ?? {}
  for (const [name, value] of Object.entries({ fsGroup, runAsUser, runAsGroup })) {
    if (value !== undefined) validateId(value, `${path}.${name}`, causes)
  }
  for (const [index, value] of supplementalGroups.entries()) {
    validateId(value, `${path}.supplementalGroups[${index}]`, causes)
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled'
    causes.invalid(`${path}.shareProcessNamespace`, true, text)
  }
}

/** Users and groups. Source: apimachinery pkg/util/validation IsValidUserID. */
function validateId(value: number | bigint, path: string, causes: Causes): void {
  if (value >= 0 && value <= idMax) return
  causes.invalid(path, value, `must be between 0 and ${idMax}, inclusive`)
}
