import type { Causes } from './causes.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { each, type Loose } from './loose.ts'
import { validateDevices, validateMounts } from './mounts.ts'
import { dnsLabelErrors, portNameErrors, portNumberErrors } from './names.ts'
import { validateLifecycle, validateProbes } from './probes.ts'
import { validateRequirements } from './requirements.ts'
import { chosen, judged, labelName, oneOf, present } from './rules.ts'
import { validateContainerSecurity } from './security.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go. */

/** What a container is judged by. */
export interface PodParts {
  readonly volumes: ReadonlyMap<string, Loose>
  readonly podClaims: readonly string[]
  readonly graceSeconds: number | undefined
  readonly restartPolicy: string
  /** Users of containers are those of the host. */
  readonly hasHostUsers: boolean
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const protocols = ['SCTP', 'TCP', 'UDP']

export function validateContainers(
  containers: readonly Loose[] | undefined,
  path: string,
  parts: PodParts,
  causes: Causes,
): void {
  if (!containers?.length) {
    causes.required(path)
    return
  }
  const names = new Set<string>()
  each(containers, path, (one, at) => {
    validateCommon(one, at, parts, causes)
    const { name = '', lifecycle } = one
    if (names.has(name)) causes.duplicate(`${at}.name`, name)
    names.add(name)
    if (lifecycle) validateLifecycle(lifecycle, `${at}.lifecycle`, parts.graceSeconds, causes)
    validateProbes(one, at, parts.graceSeconds, causes)
    validateRestart(one, at, causes)
  })
  validateHostPorts(containers, path, causes)
}

const notBeforeText = 'may not be set for init containers without restartPolicy=Always'

export function validateInitContainers(
  spec: Loose,
  path: string,
  parts: PodParts,
  causes: Causes,
): void {
  const names = new Set((spec.containers ?? []).map((one: Loose) => one.name ?? ''))
  each(spec.initContainers as Loose[], path, (one, at) => {
    validateCommon(one, at, parts, causes)
    validateInitRestart(one, at, causes)
    const { name = '', lifecycle } = one
    if (names.has(name)) causes.duplicate(`${at}.name`, name)
    else if (name !== '') names.add(name)
    validateHostPorts([one], path, causes)
    if (one.restartPolicy === 'Always') {
      if (lifecycle) validateLifecycle(lifecycle, `${at}.lifecycle`, parts.graceSeconds, causes)
      validateProbes(one, at, parts.graceSeconds, causes)
      return
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      if (one[field] !== undefined) causes.forbidden(`${at}.${field}`, notBeforeText)
    }
  })
}

const ephemeralFields = new Set([
  ...['name', 'image', 'command', 'args', 'workingDir', 'envFrom', 'env', 'volumeMounts'],
  ...['volumeDevices', 'terminationMessagePath', 'terminationMessagePolicy', 'imagePullPolicy'],
  ...['securityContext', 'stdin', 'stdinOnce', 'tty', 'targetContainerName'],
])
const notEphemeralText = 'cannot be set for an Ephemeral Container'

export function validateEphemeralContainers(
  spec: Loose,
  path: string,
  parts: PodParts,
  causes: Causes,
): void {
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const others = new Set(all.map((one: Loose) => one.name ?? ''))
  const names = new Set(others)
  each(spec.ephemeralContainers as Loose[], path, (one, at) => {
    validateCommon(one, at, parts, causes)
    validateImageSpace(one, at, causes)
    const { name = '', targetContainerName: target } = one
    if (names.has(name)) causes.duplicate(`${at}.name`, name)
    names.add(name)
    if (target && !others.has(target)) causes.notFound(`${at}.targetContainerName`, target)
    for (const [field, value] of Object.entries(one)) {
      const isEmpty = typeof value === 'object' && Object.keys(value ?? {}).length === 0
      if (ephemeralFields.has(field) || isEmpty) continue
      causes.forbidden(`${at}.${field}`, notEphemeralText)
    }
    each(one.volumeMounts as Loose[], `${at}.volumeMounts`, (mount, here) => {
      for (const field of ['subPath', 'subPathExpr']) {
        if (mount[field]) causes.forbidden(`${here}.${field}`, notEphemeralText)
      }
    })
  })
}

function validateCommon(one: Loose, at: string, parts: PodParts, causes: Causes): void {
  labelName(one.name, `${at}.name`, causes)
  present(one.image, `${at}.image`, causes)
  const messages = ['File', 'FallbackToLogsOnError']
  chosen(one.terminationMessagePolicy, `${at}.terminationMessagePolicy`, messages, causes)
  validatePorts(one.ports, `${at}.ports`, causes)
  validateEnv(one.env, `${at}.env`, causes)
  validateEnvFrom(one.envFrom, `${at}.envFrom`, causes)
  validateMounts(one, at, parts.volumes, causes)
  validateDevices(one, at, parts.volumes, causes)
  chosen(one.imagePullPolicy, `${at}.imagePullPolicy`, pullPolicies, causes)
  validateRequirements(one.resources ?? {}, `${at}.resources`, parts.podClaims, causes)
  validateResizePolicy(one, `${at}.resizePolicy`, parts.restartPolicy, causes)
  validateContainerSecurity(
    one.securityContext,
    `${at}.securityContext`,
    parts.hasHostUsers,
    causes,
  )
}

/** Of a pod, not of a template. Source: validateContainerOnlyForPod. */
export function validateImageSpace({ image = '' }: Loose, at: string, causes: Causes): void {
  if (image === String(image).trim()) return
  causes.invalid(`${at}.image`, image, 'must not have leading or trailing whitespace')
}

function validatePorts(ports: readonly Loose[] | undefined, path: string, causes: Causes): void {
  const names = new Set<string>()
  each(ports, path, ({ name, containerPort = 0, hostPort = 0, protocol }, at) => {
    if (name) {
      const wrong = portNameErrors(name)
      for (const text of wrong) causes.invalid(`${at}.name`, name, text)
      if (wrong.length === 0 && names.has(name)) causes.duplicate(`${at}.name`, name)
      if (wrong.length === 0) names.add(name)
    }
    if (present(containerPort, `${at}.containerPort`, causes)) {
      for (const text of portNumberErrors(containerPort)) {
        causes.invalid(`${at}.containerPort`, containerPort, text)
      }
    }
    if (hostPort !== 0) {
      for (const text of portNumberErrors(hostPort)) {
        causes.invalid(`${at}.hostPort`, hostPort, text)
      }
    }
    chosen(protocol, `${at}.protocol`, protocols, causes)
  })
}

/** Source: checkHostPortConflicts. */
function validateHostPorts(containers: readonly Loose[], path: string, causes: Causes): void {
  const seen = new Set<string>()
  each(containers, path, (one, at) =>
    each(one.ports as Loose[], `${at}.ports`, ({ protocol = '', hostIP = '', hostPort }, here) => {
      if (!hostPort) return
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (seen.has(key)) causes.duplicate(`${here}.hostPort`, key)
      seen.add(key)
    }),
  )
}

function validateResizePolicy(
  one: Loose,
  path: string,
  restartPolicy: string,
  causes: Causes,
): void {
  const resources = new Set<string>()
  each(
    one.resizePolicy as Loose[],
    path,
    ({ resourceName = '', restartPolicy: policy = '' }, at) => {
      if (resources.has(resourceName)) causes.duplicate(at, resourceName)
      resources.add(resourceName)
      chosen(resourceName, path, ['cpu', 'memory'], causes)
      chosen(policy, path, ['NotRequired', 'RestartContainer'], causes)
      if (restartPolicy === 'Never' && policy !== 'NotRequired') {
        const text = "must be 'NotRequired' when `restartPolicy` is 'Never'"
        causes.invalid(path, policy, text)
      }
    },
  )
}

const restartPolicies = ['Always', 'Never', 'OnFailure']
const rulesMax = 20
const exitCodesMax = 255
const needsPolicyText = 'must specify restartPolicy when restart rules are used'

/** Whether a container is started again. Source: validateContainerRestartPolicy. */
function validateRestart(one: Loose, at: string, causes: Causes): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = one
  if (restartPolicy === undefined) {
    if (rules.length === 0) return
    causes.required(`${at}.restartPolicy`, needsPolicyText)
  } else oneOf(restartPolicy, `${at}.restartPolicy`, restartPolicies, causes)
  const path = `${at}.restartPolicyRules`
  if (rules.length > rulesMax) causes.tooLong(path, rulesMax)
  each(rules as Loose[], path, ({ action = '', exitCodes }, here) => {
    oneOf(action, `${here}.action`, ['Restart'], causes)
    if (exitCodes === undefined) {
      causes.required(`${here}.exitCodes`, 'must be specified')
      return
    }
    oneOf(exitCodes.operator ?? '', `${here}.exitCodes.operator`, ['In', 'NotIn'], causes)
    if ((exitCodes.values?.length ?? 0) > exitCodesMax) {
      causes.tooLong(`${here}.exitCodes.values`, exitCodesMax)
    }
  })
}

/** Source: validateInitContainerRestartPolicy. */
function validateInitRestart(one: Loose, at: string, causes: Causes): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = one
  if (restartPolicy === undefined) {
    if (rules.length > 0) causes.required(`${at}.restartPolicy`, needsPolicyText)
  } else if (restartPolicy !== 'Always') validateRestart(one, at, causes)
  else if (rules.length > 0) {
    const text = 'restartPolicyRules are not allowed for init containers with restart policy Always'
    causes.forbidden(`${at}.restartPolicyRules`, text)
  }
}

/** Names of claims that containers may use. */
export function claimNamesOf(spec: Loose): string[] {
  return (spec.resourceClaims ?? []).map((one: Loose) => one.name ?? '')
}

/** Source: validatePodResourceClaims. */
export function validateResourceClaims(spec: Loose, path: string, causes: Causes): void {
  const names = new Set<string>()
  each(spec.resourceClaims as Loose[], path, (claim, at) => {
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim
    if (present(name, `${at}.name`, causes)) {
      if (names.has(name)) causes.duplicate(`${at}.name`, name)
      else judged(name, `${at}.name`, dnsLabelErrors, causes)
      names.add(name)
    }
    validateClaimRef(claim, resourceClaimName, resourceClaimTemplateName, at, causes)
  })
}

function validateClaimRef(
  claim: Loose,
  name: string | undefined,
  template: string | undefined,
  at: string,
  causes: Causes,
): void {
  // Upstream writes the claim as Go names its fields.
  const value = {
    Name: claim.name ?? '',
    ResourceClaimName: name ?? null,
    ResourceClaimTemplateName: template ?? null,
  }
  const both = '`resourceClaimName` or `resourceClaimTemplateName`'
  if (name !== undefined && template !== undefined) {
    causes.invalid(at, value, `at most one of ${both} may be specified`)
  }
  if (name === undefined && template === undefined) {
    causes.invalid(at, value, `must specify one of: ${both.replace(' or', ',')}`)
  }
}
