import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsSubdomainErrors } from './names.ts'
import { validateDescendingPath } from './paths.ts'
import { judged, oneOf } from './rules.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go. */

const idMax = 2 ** 31 - 1

/** Users and groups. Source: apimachinery pkg/util/validation IsValidUserID. */
export function validateId(value: number | bigint | undefined, path: string, causes: Causes): void {
  if (value === undefined || (value >= 0 && value <= idMax)) return
  causes.invalid(path, value, `must be between 0 and ${idMax}, inclusive`)
}

/** Of one container. */
export function validateContainerSecurity(
  context: Loose | undefined,
  path: string,
  hasHostUsers: boolean,
  causes: Causes,
): void {
  if (context === undefined) return
  const { privileged, procMount, allowPrivilegeEscalation } = context
  validateId(context.runAsUser, `${path}.runAsUser`, causes)
  validateId(context.runAsGroup, `${path}.runAsGroup`, causes)
  oneOf(procMount, `${path}.procMount`, ['Default', 'Unmasked'], causes)
  if (hasHostUsers && procMount === 'Unmasked') {
    causes.invalid(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')
  }
  validateProfiles(context, path, causes)
  if (allowPrivilegeEscalation === false) {
    const text = 'cannot set `allowPrivilegeEscalation` to false and'
    if (privileged) causes.invalid(path, inGo(context), `${text} \`privileged\` to true`)
    const added: readonly string[] = context.capabilities?.add ?? []
    if (added.includes('CAP_SYS_ADMIN')) {
      causes.invalid(path, inGo(context), `${text} \`capabilities.Add\` CAP_SYS_ADMIN`)
    }
  }
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, causes)
}

const contextFields = [
  ...['Capabilities', 'Privileged', 'SELinuxOptions', 'WindowsOptions', 'RunAsUser', 'RunAsGroup'],
  ...['RunAsNonRoot', 'ReadOnlyRootFilesystem', 'AllowPrivilegeEscalation', 'ProcMount'],
  ...['SeccompProfile', 'AppArmorProfile'],
]

/** As upstream writes a Go value that has no JSON names. */
function inGo(context: Loose): unknown {
  const jsonName = (name: string) =>
    name === 'SELinuxOptions' ? 'seLinuxOptions' : name.charAt(0).toLowerCase() + name.slice(1)
  return Object.fromEntries(
    contextFields.map(name => {
      const value = context[jsonName(name)]
      if (name !== 'Capabilities' || value === undefined) return [name, value ?? null]
      return [name, { Add: value.add ?? null, Drop: value.drop ?? null }]
    }),
  )
}

const seccompTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** Seccomp and AppArmor. */
export function validateProfiles(context: Loose, path: string, causes: Causes): void {
  const { seccompProfile: seccomp, appArmorProfile: armor } = context
  if (seccomp) validateSeccomp(seccomp, `${path}.seccompProfile`, causes)
  if (armor) validateAppArmor(armor, `${path}.appArmorProfile`, causes)
}

function validateSeccomp({ type = '', localhostProfile }: Loose, path: string, causes: Causes) {
  const at = `${path}.localhostProfile`
  if (type === '') causes.required(`${path}.type`, 'type is required when seccompProfile is set')
  else oneOf(type, `${path}.type`, seccompTypes, causes)
  if (type === 'Localhost') {
    if (localhostProfile === undefined) {
      causes.required(at, 'must be set when seccomp type is Localhost')
    } else validateDescendingPath(localhostProfile, at, causes)
  } else if (localhostProfile !== undefined) {
    const value = { Type: type, LocalhostProfile: localhostProfile }
    causes.invalid(at, value, 'can only be set when seccomp type is Localhost')
  }
}

const profileLengthMax = 4_095

function validateAppArmor({ type = '', localhostProfile }: Loose, path: string, causes: Causes) {
  const at = `${path}.localhostProfile`
  const neededText = 'must be set when AppArmor type is Localhost'
  if (type === '') causes.required(`${path}.type`, 'type is required when appArmorProfile is set')
  else oneOf(type, `${path}.type`, seccompTypes, causes)
  if (type === 'Localhost') {
    if (localhostProfile === undefined) causes.required(at, neededText)
    else {
      const trimmed = String(localhostProfile).trim()
      if (trimmed !== localhostProfile) {
        causes.invalid(at, localhostProfile, 'must not be padded with whitespace')
      } else if (trimmed === '') causes.required(at, neededText)
      if (localhostProfile.length > profileLengthMax) causes.tooLong(at, profileLengthMax)
    }
  } else if (seccompTypes.includes(type) && localhostProfile !== undefined) {
    causes.invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')
  }
}

const sysctlLengthMax = 253
const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

export function validateSysctls(
  sysctls: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  const names = new Set<string>()
  each(sysctls, path, ({ name = '' }, at) => {
    if (name === '') causes.required(`${at}.name`)
    else if (name.length > sysctlLengthMax || !new RegExp(sysctlPattern).test(name)) {
      const text = `must have at most ${sysctlLengthMax} characters and match regex`
      causes.invalid(`${at}.name`, name, `${text} ${sysctlPattern}`)
    } else if (names.has(name)) causes.duplicate(`${at}.name`, name)
    names.add(name)
  })
}

const specKiBMax = 64

/** Source: validateWindowsSecurityContextOptions. */
export function validateWindowsOptions(
  options: Loose | undefined,
  path: string,
  causes: Causes,
): void {
  if (options === undefined) return
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options
  if (name !== undefined) {
    judged(name, `${path}.gmsaCredentialSpecName`, dnsSubdomainErrors, causes)
  }
  const at = `${path}.gmsaCredentialSpec`
  if (spec === '') causes.invalid(at, spec, 'gmsaCredentialSpec cannot be an empty string')
  else if ((spec?.length ?? 0) > specKiBMax * 1024) {
    causes.invalid(at, spec, `gmsaCredentialSpec size must be under ${specKiBMax} KiB`)
  }
  if (user !== undefined) {
    const wrong = (text: string) => causes.invalid(`${path}.runAsUserName`, user, text)
    for (const text of userNameErrors(user)) wrong(`runAsUserName${text}`)
  }
}

const userLengthMax = 104
const domainLengthMax = 256
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsPart = '[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?'
const dnsDomain = new RegExp(`^(${dnsPart}\\.)*${dnsPart}$`)

function userNameErrors(name: string): string[] {
  if (name === '') return [' cannot be an empty string']
  if (/[\x00-\x1f\x7f]/.test(name)) return [' cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return [' cannot contain more than one backslash']
  const [user = '', domain] = parts.reverse()
  const wrong: string[] = []
  if ((domain?.length ?? 0) >= domainLengthMax) {
    wrong.push(`'s Domain length must be under ${domainLengthMax} characters`)
  }
  if (domain !== undefined && !netBios.test(domain) && !dnsDomain.test(domain)) {
    wrong.push("'s Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') wrong.push("'s User cannot be empty")
  else if (user.length > userLengthMax) {
    wrong.push(`'s User length must not be longer than ${userLengthMax} characters`)
  }
  if (/^[. ]+$/.test(user)) wrong.push("'s User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    wrong.push('\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  }
  return wrong
}
