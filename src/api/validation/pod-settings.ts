import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsSubdomainErrors, ipText, isIpAddress, subdomainWithUnderscoreErrors } from './names.ts'
import { judged, oneOf } from './rules.ts'
import {
  validateId,
  validateProfiles,
  validateSysctls,
  validateWindowsOptions,
} from './security.ts'

/** What all containers of a pod share. Source: pkg/apis/core/validation/validation.go. */

/** Source: MaxDNSNameservers, MaxDNSSearchPaths, MaxDNSSearchListChars. */
const dnsMax = { nameservers: 3, searches: 32, searchCharacters: 2_048 } as const

export function validateDnsConfig(spec: Loose, path: string, causes: Causes): void {
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
  each(nameservers as string[], `${path}.nameservers`, (address, at) => {
    if (!isIpAddress(address)) causes.invalid(at, address, ipText)
  })
  if (searches.length > dnsMax.searches) {
    const text = `must not have more than ${dnsMax.searches} search paths`
    causes.invalid(`${path}.searches`, searches, text)
  }
  if (searches.join(' ').length > dnsMax.searchCharacters) {
    const most = dnsMax.searchCharacters
    const text = `must not have more than ${most} characters (including spaces) in the search list`
    causes.invalid(`${path}.searches`, searches, text)
  }
  each(searches as string[], `${path}.searches`, (search, at) => {
    if (search === '.') return
    judged(search.replace(/\.$/, ''), at, subdomainWithUnderscoreErrors, causes)
  })
  each(options as Loose[], `${path}.options`, ({ name }, at) => {
    if (!name) causes.required(at, 'must not be empty')
  })
}

export function validateHostAliases(
  aliases: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  each(aliases, path, ({ ip = '', hostnames = [] }, at) => {
    if (!isIpAddress(ip)) causes.invalid(`${at}.ip`, ip, ipText)
    each(hostnames as string[], `${at}.hostnames`, (name, here) =>
      judged(name, here, dnsSubdomainErrors, causes),
    )
  })
}

const selinuxPolicies = ['MountOption', 'Recursive']

export function validatePodSecurity(spec: Loose, path: string, causes: Causes): void {
  const context = spec.securityContext ?? {}
  for (const name of ['fsGroup', 'runAsUser', 'runAsGroup']) {
    validateId(context[name], `${path}.${name}`, causes)
  }
  each(context.supplementalGroups as number[], `${path}.supplementalGroups`, (value, at) =>
    validateId(value, at, causes),
  )
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled'
    causes.invalid(`${path}.shareProcessNamespace`, true, text)
  }
  validateSysctls(context.sysctls, `${path}.sysctls`, causes)
  const changes = ['Always', 'OnRootMismatch']
  oneOf(context.fsGroupChangePolicy, `${path}.fsGroupChangePolicy`, changes, causes)
  validateProfiles(context, path, causes)
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, causes)
  const groups = ['Merge', 'Strict']
  oneOf(context.supplementalGroupsPolicy, `${path}.supplementalGroupsPolicy`, groups, causes)
  oneOf(context.seLinuxChangePolicy, `${path}.seLinuxChangePolicy`, selinuxPolicies, causes)
}
