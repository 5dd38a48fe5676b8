import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsSubdomainErrors } from './names.ts'
import { judged, oneOf, present } from './rules.ts'

/** What a pod has of its host. Source: kubernetes pkg/apis/core/validation/validation.go. */

const lists = ['initContainers', 'containers', 'ephemeralContainers']
const hostnameLengthMax = 64

/** All containers of a pod, in upstream's order. Source: VisitContainersWithPath. */
export function eachContainer(
  spec: Loose,
  path: string,
  visit: (container: Loose, at: string) => void,
): void {
  for (const list of lists) each(spec[list] as Loose[], `${path}.${list}`, visit)
}

export function validateHost(spec: Loose, path: string, isPod: boolean, causes: Causes): void {
  if (spec.hostNetwork) {
    each(spec.containers as Loose[], `${path}.containers`, ({ ports }, at) =>
      each(ports as Loose[], `${at}.ports`, ({ hostPort = 0, containerPort = 0 }, here) => {
        if ((!isPod && hostPort === 0) || hostPort === containerPort) return
        const text = 'must match `containerPort` when `hostNetwork` is true'
        causes.invalid(`${here}.hostPort`, hostPort, text)
      }),
    )
  }
  validateHostProcess(spec, path, causes)
  if (spec.hostUsers === false) validateOwnUsers(spec, path, causes)
  validateHostname(spec, path, causes)
}

function validateOwnUsers(spec: Loose, path: string, causes: Causes): void {
  const text = 'when `hostUsers` is false'
  if (spec.hostNetwork) causes.forbidden(`${path}.hostNetwork`, text)
  if (spec.hostPID) causes.forbidden(`${path}.HostPID`, text)
  if (spec.hostIPC) causes.forbidden(`${path}.HostIPC`, text)
  eachContainer(spec, path, ({ volumeDevices }, at) => {
    if (volumeDevices?.length) causes.forbidden(`${at}.volumeDevices`, text)
  })
}

function validateHostname(spec: Loose, path: string, causes: Causes): void {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = spec
  if (name === undefined) return
  const at = `${path}.hostnameOverride`
  if (setHostnameAsFQDN) {
    causes.forbidden(at, 'may not be specified when setHostnameAsFQDN is true')
  }
  if (hostNetwork) causes.forbidden(at, 'may not be specified when hostNetwork is true')
  if (name.length > hostnameLengthMax) causes.tooLong(at, hostnameLengthMax)
  judged(name, at, dnsSubdomainErrors, causes)
}

/** Source: validateWindowsHostProcessPod. */
function validateHostProcess(spec: Loose, path: string, causes: Causes): void {
  const own: boolean | undefined = spec.securityContext?.windowsOptions?.hostProcess
  let all = 0
  let process = 0
  eachContainer(spec, path, ({ securityContext }, at) => {
    const given: boolean | undefined = securityContext?.windowsOptions?.hostProcess
    all++
    if (given ?? own) process++
    if (own === undefined || given === undefined || own === given) return
    const text = `pod hostProcess value must be identical if both are specified, was ${own}`
    causes.invalid(`${at}.securityContext.windowsOptions.hostProcess`, given, text)
  })
  if (process === 0) return
  if (process !== all) {
    const text =
      'If pod contains any hostProcess containers then all containers must be HostProcess ' +
      'containers'
    causes.invalid(path, '', text)
  }
  if (!spec.hostNetwork) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers'
    causes.invalid(`${path}.hostNetwork`, false, text)
  }
}

const notOfWindows = {
  context: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy'],
    ...['sysctls', 'runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy'],
    'seLinuxChangePolicy',
  ],
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'],
  container: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities'],
    ...['readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount'],
    ...['runAsUser', 'runAsGroup'],
  ],
} as const

/** Source: validateOS, validateLinux, validateWindows. */
export function validateOs(spec: Loose, path: string, causes: Causes): void {
  if (spec.os === undefined) return
  const { name = '' } = spec.os
  if (!present(name, `${path}.os.name`, causes)) return
  oneOf(name, `${path}.os`, ['linux', 'windows'], causes)
  if (name === 'linux') validateLinux(spec, path, causes)
  if (name === 'windows') validateWindows(spec, path, causes)
}

function validateLinux(spec: Loose, path: string, causes: Causes): void {
  const judge = (context: Loose | undefined, at: string) => {
    if (context?.windowsOptions === undefined) return
    const text = 'windows options cannot be set for a linux pod'
    causes.forbidden(`${at}.securityContext.windowsOptions`, text)
  }
  judge(spec.securityContext, path)
  eachContainer(spec, path, (one, at) => judge(one.securityContext, at))
}

function validateWindows(spec: Loose, path: string, causes: Causes): void {
  const judge = (value: Loose | undefined, fields: readonly string[], at: string) => {
    for (const field of fields) {
      if (value?.[field] === undefined || value[field] === '') continue
      causes.forbidden(`${at}.${field}`, 'cannot be set for a windows pod')
    }
  }
  judge(spec.securityContext, notOfWindows.context, `${path}.securityContext`)
  judge(spec, notOfWindows.spec, path)
  eachContainer(spec, path, (one, at) =>
    judge(one.securityContext, notOfWindows.container, `${at}.securityContext`),
  )
}
