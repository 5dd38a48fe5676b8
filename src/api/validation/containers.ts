import type { Container, EnvVar, Handler, Probe, ResourceRequirements } from '../objects.ts'
import { ownValue } from '../own.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { dnsLabelErrors, portNameErrors, portNumberErrors, qualifiedNameErrors } from './names.ts'
import { validateDescendingPath } from './paths.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go. */

/** Containers at `path`; `volumes` are the names that mounts may use; `taken` collects names. */
export function validateContainers(
  containers: readonly Container[],
  path: string,
  volumes: ReadonlySet<string>,
  taken: Set<string>,
  causes: Causes,
): void {
  for (const [index, one] of containers.entries()) {
    const at = `${path}[${index}]`
    validateName(one.name, at, taken, causes)
    if (!one.image) causes.required(`${at}.image`)
    else if (one.image !== one.image.trim()) {
      causes.invalid(`${at}.image`, one.image, 'must not have leading or trailing whitespace')
    }
    const policies = ['Always', 'IfNotPresent', 'Never']
    if (!policies.includes(one.imagePullPolicy ?? '')) {
      causes.notSupported(`${at}.imagePullPolicy`, one.imagePullPolicy ?? '', policies)
    }
    const messages = ['File', 'FallbackToLogsOnError']
    const { terminationMessagePolicy: from } = one
    if (from && !messages.includes(from)) {
      causes.notSupported(`${at}.terminationMessagePolicy`, from, messages)
    }
    validatePorts(one, at, causes)
    validateEnv(one.env ?? [], `${at}.env`, causes)
    validateMounts(one, at, volumes, causes)
    for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      const probe = one[name]
      if (probe) validateProbe(probe, `${at}.${name}`, name !== 'readinessProbe', causes)
    }
    for (const name of ['postStart', 'preStop'] as const) {
      const handler = one.lifecycle?.[name]
      if (handler) validateHandler(handler, `${at}.lifecycle.${name}`, causes)
    }
    validateResources(one.resources ?? {}, `${at}.resources`, causes)
    validateResizePolicy(one, `${at}.resizePolicy`, causes)
  }
}

/** Whether an init container stays. Source: validateInitContainerRestartPolicy. */
export function validateRestartPolicies(
  containers: readonly Container[],
  path: string,
  causes: Causes,
): void {
  const policies = ['Always', 'Never', 'OnFailure']
  for (const [index, { restartPolicy }] of containers.entries()) {
    if (restartPolicy && !policies.includes(restartPolicy)) {
      causes.notSupported(`${path}[${index}].restartPolicy`, restartPolicy, policies)
    }
  }
}

function validateResizePolicy(one: Container, path: string, causes: Causes): void {
  const resources = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of (one.resizePolicy ?? []).entries()) {
    if (resources.has(resourceName)) causes.duplicate(`${path}[${index}]`, resourceName)
    resources.add(resourceName)
    const choices = [
      [resourceName, ['cpu', 'memory']],
      [restartPolicy, ['NotRequired', 'RestartContainer']],
    ] as const
    for (const [value, supported] of choices) {
      if (!value) causes.required(path)
      else if (!supported.some(each => each === value)) causes.notSupported(path, value, supported)
    }
  }
}

function validateName(name: string, at: string, taken: Set<string>, causes: Causes): void {
  if (!name) {
    causes.required(`${at}.name`)
    return
  }
  for (const text of dnsLabelErrors(name)) causes.invalid(`${at}.name`, name, text)
  if (taken.has(name)) causes.duplicate(`${at}.name`, name)
  taken.add(name)
}

function validatePorts(one: Container, at: string, causes: Causes): void {
  const names = new Set<string>()
  for (const [index, port] of (one.ports ?? []).entries()) {
    const path = `${at}.ports[${index}]`
    if (port.name) {
      for (const text of portNameErrors(port.name)) causes.invalid(`${path}.name`, port.name, text)
      if (names.has(port.name)) causes.duplicate(`${path}.name`, port.name)
      names.add(port.name)
    }
    if (!port.containerPort) causes.required(`${path}.containerPort`)
    else checkPort(port.containerPort, `${path}.containerPort`, causes)
    if (port.hostPort) checkPort(port.hostPort, `${path}.hostPort`, causes)
    const protocols = ['SCTP', 'TCP', 'UDP']
    if (!port.protocol) causes.required(`${path}.protocol`)
    else if (!protocols.includes(port.protocol)) {
      causes.notSupported(`${path}.protocol`, port.protocol, protocols)
    }
  }
}

function checkPort(value: unknown, path: string, causes: Causes): void {
  for (const text of portNumberErrors(value)) causes.invalid(path, value, text)
}

function validateEnv(env: readonly EnvVar[], path: string, causes: Causes): void {
  for (const [index, { name, value, valueFrom }] of env.entries()) {
    const at = `${path}[${index}]`
    if (!name) causes.required(`${at}.name`)
    else if (!/^[ -<>-~]+$/.test(name)) {
      causes.invalid(
        `${at}.name`,
        name,
        'a valid environment variable name must consist only of printable ASCII ' +
          "characters other than '='",
      )
    }
    if (valueFrom === undefined) continue
    const sources = Object.keys(valueFrom)
    if (sources.length === 0) {
      causes.invalid(
        `${at}.valueFrom`,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
      )
    } else if (value) {
      causes.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')
    } else if (sources.length > 1) {
      causes.invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time')
    }
    if (valueFrom.configMapKeyRef && !valueFrom.configMapKeyRef.key) {
      causes.required(`${at}.valueFrom.configMapKeyRef.key`)
    }
    if (valueFrom.secretKeyRef && !valueFrom.secretKeyRef.key) {
      causes.required(`${at}.valueFrom.secretKeyRef.key`)
    }
  }
}

function validateMounts(
  one: Container,
  at: string,
  volumes: ReadonlySet<string>,
  causes: Causes,
): void {
  const paths = new Set<string>()
  for (const [index, mount] of (one.volumeMounts ?? []).entries()) {
    const path = `${at}.volumeMounts[${index}]`
    if (!mount.name) causes.required(`${path}.name`)
    else if (!volumes.has(mount.name)) causes.notFound(`${path}.name`, mount.name)
    if (!mount.mountPath) causes.required(`${path}.mountPath`)
    if (paths.has(mount.mountPath)) {
      causes.invalid(`${path}.mountPath`, mount.mountPath, 'must be unique')
    }
    paths.add(mount.mountPath)
    const { subPath, subPathExpr } = mount
    // Upstream names the list, not the mount.
    const list = `${at}.volumeMounts`
    if (subPath) validateDescendingPath(subPath, `${list}.subPath`, causes)
    if (subPathExpr) validateDescendingPath(subPathExpr, `${list}.subPathExpr`, causes)
    if (subPath && subPathExpr) {
      const text = 'subPathExpr and subPath are mutually exclusive'
      causes.invalid(`${path}.subPathExpr`, subPathExpr, text)
    }
  }
}

function validateProbe(probe: Probe, at: string, once: boolean, causes: Causes): void {
  validateHandler(probe, at, causes)
  const numbers = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const
  for (const name of numbers) {
    if ((probe[name] ?? 0) < 0) {
      causes.invalid(`${at}.${name}`, probe[name], 'must be greater than or equal to 0')
    }
  }
  if (once && probe.successThreshold !== 1) {
    causes.invalid(`${at}.successThreshold`, probe.successThreshold ?? 0, 'must be 1')
  }
}

function validateHandler(handler: Handler, at: string, causes: Causes): void {
  const kinds = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    name => handler[name] !== undefined,
  )
  if (kinds.length === 0) causes.required(at, 'must specify a handler type')
  for (const extra of kinds.slice(1)) {
    causes.forbidden(`${at}.${extra}`, 'may not specify more than 1 handler type')
  }
  if (handler.exec && !handler.exec.command?.length) causes.required(`${at}.exec.command`)
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    const action = handler[name]
    if (action === undefined) continue
    const path = `${at}.${name}.port`
    // A port that is not there is Go's zero.
    if (typeof action.port !== 'string') checkPort(action.port ?? 0, path, causes)
    else for (const text of portNameErrors(action.port)) causes.invalid(path, action.port, text)
  }
  if (handler.grpc) checkPort(handler.grpc.port, `${at}.grpc.port`, causes)
}

function validateResources(given: ResourceRequirements, at: string, causes: Causes): void {
  for (const list of ['limits', 'requests'] as const) {
    for (const [name, quantity] of Object.entries(given[list] ?? {})) {
      const path = `${at}.${list}[${name}]`
      for (const text of qualifiedNameErrors(name)) causes.invalid(`${at}.${list}`, name, text)
      const standard = /^(cpu|memory|ephemeral-storage|storage|hugepages-.+)$/.test(name)
      if (!name.includes('/') && !standard) {
        causes.invalid(path, name, 'must be a standard resource for containers')
      }
      if (parseQuantity(quantity).nano < 0n) {
        causes.invalid(path, quantity, 'must be greater than or equal to 0')
      }
    }
  }
  for (const [name, request] of Object.entries(given.requests ?? {})) {
    const limit = ownValue(given.limits, name)
    if (limit === undefined) continue
    if (compareQuantities(request, limit) > 0) {
      causes.invalid(
        `${at}.requests`,
        request,
        `must be less than or equal to ${name} limit of ${limit}`,
      )
    }
  }
}
