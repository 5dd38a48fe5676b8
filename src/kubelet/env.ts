import { kinds } from '../api/kinds.ts'
import type { Container, EnvVar, Pod, Service } from '../api/objects.ts'
import { ownValue, setOwn } from '../api/own.ts'
import { isStatusReason } from '../api/status.ts'
import type { Client } from '../client/types.ts'
import { fieldValue, resourceValue } from './downward.ts'

/** A reference of the environment that can't be resolved: CreateContainerConfigError. */
export class EnvError extends Error {
  override readonly name = 'EnvError'
}

type Values = Record<string, string>

/**
 * The environment of a container: service variables, then envFrom, then env, later ones winning.
 * Source: kubelet_pods.go makeEnvironmentVariables. @throws EnvError
 */
export async function makeEnvironment(
  client: Client,
  pod: Pod,
  container: Container,
  services: readonly Service[],
  status: { readonly podIp: string; readonly hostIp: string },
): Promise<Values> {
  const env: Values = serviceVariables(pod, services)
  const read = reader(client, pod)
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const values = configMapRef
      ? await read('configMaps', configMapRef)
      : secretRef
        ? await read('secrets', secretRef)
        : {}
    for (const [key, value] of Object.entries(values ?? {})) setOwn(env, prefix + key, value)
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, pod, container, read, status, env)
    if (value !== undefined) setOwn(env, variable.name, value)
  }
  return env
}

/**
 * Replaces $(NAME) by the variable's value; $$(NAME) stays as $(NAME), and an unknown name stays.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion.
 */
export function expand(text: string, env: Readonly<Values>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, mark: string, name?: string) => {
    if (mark === '$') return '$'
    return name !== undefined && Object.hasOwn(env, name) ? env[name]! : whole
  })
}

type Read = (
  kind: 'configMaps' | 'secrets',
  reference: { name?: string; optional?: boolean },
) => Promise<Values | undefined>

function reader(client: Client, pod: Pod): Read {
  return async (kind, { name = '', optional }) => {
    try {
      const object = await client.get(kinds[kind], pod.metadata.namespace, name)
      const data = Object.entries((object.data ?? {}) as Values)
      const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8')
      return Object.fromEntries(kind === 'secrets' ? data.map(([k, v]) => [k, decode(v)]) : data)
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error
      if (optional) return undefined
      throw new EnvError((error as Error).message)
    }
  }
}

async function variableValue(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  read: Read,
  status: { readonly podIp: string; readonly hostIp: string },
  env: Readonly<Values>,
): Promise<string | undefined> {
  const from = variable.valueFrom
  if (!from) return expand(variable.value ?? '', env)
  if (from.fieldRef) {
    const value = fieldValue(pod, from.fieldRef.fieldPath, status)
    if (value === undefined) throw new EnvError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`)
    return value
  }
  if (from.resourceFieldRef) {
    const { containerName = container.name } = from.resourceFieldRef
    const target = pod.spec.containers.find(each => each.name === containerName) ?? container
    return resourceValue(target, from.resourceFieldRef)
  }
  const isSecret = from.secretKeyRef !== undefined
  const reference = from.secretKeyRef ?? from.configMapKeyRef
  if (!reference) return ''
  const values = await read(isSecret ? 'secrets' : 'configMaps', reference)
  const value = ownValue(values, reference.key)
  if (value !== undefined || reference.optional) return value
  const what = isSecret ? 'Secret' : 'ConfigMap'
  throw new EnvError(
    `couldn't find key ${reference.key} in ${what} ${pod.metadata.namespace}/${reference.name}`,
  )
}

/** `WEB_SERVICE_HOST` and so on. Source: pkg/kubelet/envvars/envvars.go. */
function serviceVariables(pod: Pod, services: readonly Service[]): Values {
  const env: Values = {}
  for (const service of services) {
    const { name = '', namespace } = service.metadata
    const isApi = namespace === 'default' && name === 'kubernetes'
    const isLinked = namespace === pod.metadata.namespace && pod.spec.enableServiceLinks !== false
    const ip = service.spec.clusterIP
    if ((!isApi && !isLinked) || !ip || ip === 'None') continue
    const prefix = name.toUpperCase().replace(/-/g, '_')
    const ports = service.spec.ports ?? []
    env[`${prefix}_SERVICE_HOST`] = ip
    if (ports[0]) env[`${prefix}_SERVICE_PORT`] = String(ports[0].port)
    for (const [position, { name: portName, port, protocol = 'TCP' }] of ports.entries()) {
      const suffix = portName?.toUpperCase().replace(/-/g, '_')
      if (suffix) env[`${prefix}_SERVICE_PORT_${suffix}`] = String(port)
      const url = `${protocol.toLowerCase()}://${ip}:${port}`
      if (position === 0) env[`${prefix}_PORT`] = url
      const key = `${prefix}_PORT_${port}_${protocol}`
      env[key] = url
      env[`${key}_PROTO`] = protocol.toLowerCase()
      env[`${key}_PORT`] = String(port)
      env[`${key}_ADDR`] = ip
    }
  }
  return env
}
