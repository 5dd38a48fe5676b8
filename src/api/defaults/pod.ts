import { pullPolicyOf } from '../image-name.ts'
import type { Container, Handler, Pod, PodSpec, Probe, Volume } from '../objects.ts'
import { setOwn } from '../own.ts'
import { roundUpToMilli } from '../quantity.ts'
import { defaultVolumeSource } from './volumes.ts'

/**
 * Defaults of a pod's spec, also inside templates.
 * Source: kubernetes pkg/apis/core/v1/defaults.go.
 */
export function defaultPodSpec(spec: PodSpec): void {
  if (spec.overhead) roundList(spec.overhead)
  spec.restartPolicy ||= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.schedulerName ||= 'default-scheduler'
  spec.securityContext ??= {}
  // Upstream keeps the deprecated name beside the new one.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  for (const one of spec.containers ?? []) defaultContainer(one, spec.hostNetwork === true)
  for (const one of spec.initContainers ?? []) defaultContainer(one, spec.hostNetwork === true)
  for (const one of spec.ephemeralContainers ?? []) defaultContainer(one, false)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
}

/** Defaults of a pod itself: requests from limits, service links. */
export function defaultPod(pod: Pod): void {
  // A spec that is not there is Go's empty struct: defaults apply, and validation speaks.
  pod.spec ??= { containers: [] }
  const { spec } = pod
  defaultPodSpec(spec)
  spec.enableServiceLinks ??= true
  for (const one of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const { limits } = one.resources ?? {}
    if (limits === undefined || one.resources === undefined) continue
    one.resources.requests = { ...limits, ...one.resources.requests }
  }
}

function defaultContainer(one: Container, hostNetwork: boolean): void {
  one.imagePullPolicy ||= pullPolicyOf(one.image ?? '')
  one.terminationMessagePath ||= '/dev/termination-log'
  one.terminationMessagePolicy ||= 'File'
  one.resources ??= {}
  for (const list of [one.resources.limits, one.resources.requests]) if (list) roundList(list)
  for (const port of one.ports ?? []) {
    port.protocol ||= 'TCP'
    if (hostNetwork && !port.hostPort) port.hostPort = port.containerPort
  }
  for (const { valueFrom } of one.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1'
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0'
  }
  for (const probe of [one.livenessProbe, one.readinessProbe, one.startupProbe]) {
    if (probe) defaultProbe(probe)
  }
  if (one.lifecycle?.postStart) defaultHandler(one.lifecycle.postStart)
  if (one.lifecycle?.preStop) defaultHandler(one.lifecycle.preStop)
}

/** Amounts finer than thousandths are rounded up: `cpu: 100u` is `1m`. */
export function roundList(list: Record<string, string>): void {
  for (const [name, quantity] of Object.entries(list)) {
    setOwn(list, name, roundUpToMilli(quantity))
  }
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHandler(probe)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultHandler({ httpGet }: Handler): void {
  if (httpGet === undefined) return
  httpGet.path ||= '/'
  httpGet.scheme ||= 'HTTP'
}

const fileMode = 0o644

function defaultVolume(volume: Volume): void {
  if (volume.configMap) volume.configMap.defaultMode ??= fileMode
  if (volume.secret) volume.secret.defaultMode ??= fileMode
  defaultVolumeSource(volume)
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= fileMode
    defaultDownward(volume.downwardAPI.items)
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= fileMode
    for (const source of volume.projected.sources ?? []) {
      defaultDownward(source.downwardAPI?.items)
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
    }
  }
  // A volume that names no source is an emptyDir.
  if (Object.keys(volume).length === 1) volume.emptyDir = {}
}

function defaultDownward(
  items:
    | { fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string } }[]
    | undefined,
): void {
  for (const { fieldRef, resourceFieldRef } of items ?? []) {
    if (fieldRef) fieldRef.apiVersion ||= 'v1'
    if (resourceFieldRef) resourceFieldRef.divisor ??= '0'
  }
}
