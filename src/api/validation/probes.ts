import type { Causes } from './causes.ts'
import type { Loose } from './loose.ts'
import { nonNegative, oneOf, portNumberOrName, present } from './rules.ts'

/** What is done to containers. Source: kubernetes pkg/apis/core/validation/validation.go. */

type Rule = (action: Loose, at: string, graceSeconds: number | undefined, causes: Causes) => void

const headerText =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', " +
  "regex used for validation is '[-A-Za-z0-9]+')"

const httpGet: Rule = (action, at, _grace, causes) => {
  present(action.path, `${at}.path`, causes)
  portNumberOrName(action.port, `${at}.port`, causes)
  oneOf(action.scheme ?? '', `${at}.scheme`, ['HTTP', 'HTTPS'], causes)
  for (const { name = '' } of action.httpHeaders ?? []) {
    if (!/^[-A-Za-z0-9]+$/.test(name)) causes.invalid(`${at}.httpHeaders`, name, headerText)
  }
}

const port: Rule = (action, at, _grace, causes) =>
  portNumberOrName(action.port, `${at}.port`, causes)

const sleep: Rule = ({ seconds = 0 }, at, grace, causes) => {
  if (grace === undefined || (seconds >= 0 && seconds <= grace)) return
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`
  causes.invalid(at, seconds, text)
}

const handlers: Readonly<Record<string, Rule>> = {
  exec: ({ command }, at, _grace, causes) => {
    present(command, `${at}.command`, causes)
  },
  httpGet,
  tcpSocket: port,
  grpc: port,
  sleep,
}

export function validateHandler(
  handler: Loose,
  at: string,
  graceSeconds: number | undefined,
  causes: Causes,
): void {
  const given = Object.keys(handlers).filter(name => handler[name] !== undefined)
  for (const [index, name] of given.entries()) {
    if (index > 0) causes.forbidden(`${at}.${name}`, 'may not specify more than 1 handler type')
    else handlers[name]?.(handler[name], `${at}.${name}`, graceSeconds, causes)
  }
  if (given.length === 0) causes.required(at, 'must specify a handler type')
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

/** All probes of a container. */
export function validateProbes(
  container: Loose,
  at: string,
  graceSeconds: number | undefined,
  causes: Causes,
): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name]
    if (probe === undefined) continue
    const here = `${at}.${name}`
    validateHandler(probe, here, graceSeconds, causes)
    for (const count of counts) nonNegative(probe[count], `${here}.${count}`, causes)
    const grace: number | undefined = probe.terminationGracePeriodSeconds
    const field = `${here}.terminationGracePeriodSeconds`
    if (grace !== undefined && grace <= 0) causes.invalid(field, grace, 'must be greater than 0')
    if (name !== 'readinessProbe') {
      const { successThreshold = 0 } = probe
      if (successThreshold !== 1) {
        causes.invalid(`${here}.successThreshold`, successThreshold, 'must be 1')
      }
    } else if (grace !== undefined) {
      causes.invalid(field, grace, 'must not be set for readinessProbes')
    }
  }
}

export function validateLifecycle(
  lifecycle: Loose,
  at: string,
  graceSeconds: number | undefined,
  causes: Causes,
): void {
  for (const name of ['postStart', 'preStop']) {
    if (lifecycle[name] === undefined) continue
    validateHandler(lifecycle[name], `${at}.${name}`, graceSeconds, causes)
  }
}
