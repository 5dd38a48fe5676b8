import type { Pod } from '../objects.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsSubdomainErrors, ipText, isIpAddress, isIpv4, qualifiedNameErrors } from './names.ts'
import { immutableText, judged } from './rules.ts'

const countText = 'must be a non-negative integer'
const ownConditions = ['PodScheduled', 'Ready', 'Initialized']

/**
 * What kubelets and schedulers may say of a pod.
 * Source: kubernetes pkg/apis/core/validation ValidatePodStatusUpdate.
 */
export function validatePodStatus(next: KubeObject, old: KubeObject, causes: Causes): void {
  const { spec } = old as Pod
  const [now, was]: [Loose, Loose] = [next.status ?? {}, old.status ?? {}]
  each(now.conditions as Loose[], 'status.conditions', ({ type = '', ...condition }, at) => {
    const { observedGeneration: seen = 0 } = condition
    if (seen < 0) causes.invalid(`${at}.observedGeneration`, seen, countText)
    if (!ownConditions.includes(type)) judged(type, `${at}.Type`, qualifiedNameErrors, causes)
  })
  validateNomination(now.nominatedNodeName, was.nominatedNodeName, Boolean(spec.nodeName), causes)
  const { observedGeneration = 0, qosClass = '' } = now
  if (observedGeneration < 0) {
    causes.invalid('status.observedGeneration', observedGeneration, countText)
  }
  if (qosClass !== (was.qosClass ?? '')) causes.invalid('status.qosClass', qosClass, immutableText)
  for (const [field, list] of containerLists) {
    const may = (name: string, exitCode: number) =>
      list !== undefined && mayRestart(spec, list, name, exitCode)
    validateTransitions(now[field], was[field], `status.${field}`, may, causes)
  }
  validateAddresses(now.podIPs, was.podIPs, 'status.podIPs', causes)
  const { hostIP = '', hostIPs = [] } = now
  if (hostIPs.length > 0 && hostIPs[0].ip !== hostIP) {
    causes.invalid('status.hostIPs[0].ip', hostIPs[0].ip ?? '', 'must be equal to `hostIP`')
  }
  validateAddresses(hostIPs, was.hostIPs, 'status.hostIPs', causes)
}

/** Where a status has containers, and where the pod has them; ephemeral ones never start again. */
const containerLists = [
  ['containerStatuses', 'containers'],
  ['initContainerStatuses', 'initContainers'],
  ['ephemeralContainerStatuses', undefined],
] as const

function validateNomination(now = '', was = '', isBound: boolean, causes: Causes): void {
  if (now === was || now === '') return
  const path = 'status.nominatedNodeName'
  judged(now, path, dnsSubdomainErrors, causes)
  if (isBound) causes.forbidden(path, 'may not be set on pods that are already bound to a node')
}

function validateTransitions(
  next: readonly Loose[] | undefined,
  old: readonly Loose[] | undefined,
  path: string,
  mayRestart: (name: string, exitCode: number) => boolean,
  causes: Causes,
): void {
  each(old as Loose[], path, ({ name, state }, at) => {
    if (state?.terminated === undefined) return
    const after = next?.find(one => one.name === name)
    if (after === undefined || after.state?.terminated !== undefined) return
    if (mayRestart(name, state.terminated.exitCode ?? 0)) return
    causes.forbidden(`${at}.state`, 'may not be transitioned to non-terminated state')
  })
}

/** Source: kubernetes pkg/api/v1/pod ContainerShouldRestart. */
function mayRestart(
  spec: Loose,
  list: 'containers' | 'initContainers',
  name: string,
  exitCode: number,
): boolean {
  const container = (spec[list] as Loose[] | undefined)?.find(one => one.name === name)
  if (container === undefined) return false
  const { restartPolicy: own, restartPolicyRules: rules = [] } = container
  if (own) {
    for (const { action, exitCodes } of rules) {
      if (exitCodes === undefined) continue
      const isIn = (exitCodes.values ?? []).includes(exitCode)
      if (isIn === (exitCodes.operator === 'In')) return action === 'Restart'
    }
  }
  const policy = own || spec.restartPolicy
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

function validateAddresses(
  next: readonly Loose[] | undefined,
  old: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  const known = new Set((old ?? []).map(one => one.ip))
  each(next as Loose[], path, ({ ip = '' }, at) => {
    if (!known.has(ip) && !isIpAddress(ip)) causes.invalid(at, ip, ipText)
  })
  const ips: string[] = (next ?? []).map(one => one.ip ?? '')
  if (ips.length < 2 || !ips.every(isIpAddress)) return
  if (ips.length === 2 && ips.filter(isIpv4).length === 1) return
  causes.invalid(path, next, 'may specify no more than one IP for each IP family')
}
