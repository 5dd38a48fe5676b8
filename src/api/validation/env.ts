import type { Causes } from './causes.ts'
import { envFieldPaths, fieldSelector, resourceSelector } from './downward.ts'
import { each, type Loose } from './loose.ts'
import { configKeyErrors, dnsSubdomainErrors } from './names.ts'
import { validateNoBacksteps } from './paths.ts'
import { judged, labelName, present } from './rules.ts'

/** Variables of containers. Source: kubernetes pkg/apis/core/validation/validation.go. */

const nameText =
  'a valid environment variable name must consist only of printable ASCII ' +
  "characters other than '='"

/** Source: apimachinery pkg/util/validation IsRelaxedEnvVarName. */
function envNameErrors(name: string): string[] {
  if (name === '') return ['environment variable name must be non-empty']
  return /^[ -<>-~]+$/.test(name) ? [] : [nameText]
}

type Rule = (source: Loose, at: string, causes: Causes) => void

/** A key of a config map or a secret. */
const keySelector: Rule = ({ name = '', key }, at, causes) => {
  judged(name, `${at}.name`, dnsSubdomainErrors, causes)
  if (present(key, `${at}.key`, causes)) judged(key, `${at}.key`, configKeyErrors, causes)
}

const fileSelector: Rule = ({ key, volumeName, path }, at, causes) => {
  if (present(key, `${at}.key`, causes)) judged(key, `${at}.key`, envNameErrors, causes)
  labelName(volumeName, `${at}.volumeName`, causes)
  if (present(path, `${at}.path`, causes)) validateNoBacksteps(path, `${at}.path`, causes)
}

const sources: Readonly<Record<string, Rule>> = {
  fieldRef: (source, at, causes) => fieldSelector(source, envFieldPaths, at, causes),
  resourceFieldRef: (source, at, causes) => resourceSelector(source, false, at, causes),
  configMapKeyRef: keySelector,
  secretKeyRef: keySelector,
  fileKeyRef: fileSelector,
}

export function validateEnv(env: readonly Loose[] | undefined, path: string, causes: Causes): void {
  each(env, path, ({ name = '', value, valueFrom }, at) => {
    if (present(name, `${at}.name`, causes)) judged(name, `${at}.name`, envNameErrors, causes)
    if (valueFrom === undefined) return
    const from = `${at}.valueFrom`
    const given = Object.keys(sources).filter(field => valueFrom[field] !== undefined)
    for (const field of given) sources[field]?.(valueFrom[field], `${from}.${field}`, causes)
    if (given.length === 0) {
      causes.invalid(
        from,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, ' +
          '`secretKeyRef` or `fileKeyRef`',
      )
    } else if (value) {
      causes.invalid(from, '', 'may not be specified when `value` is not empty')
    } else if (given.length > 1) {
      causes.invalid(from, '', 'may not have more than one field specified at a time')
    }
  })
}

export function validateEnvFrom(
  list: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  each(list, path, (source, at) => {
    const { prefix } = source
    if (prefix) judged(prefix, `${at}.prefix`, envNameErrors, causes)
    const given = ['configMapRef', 'secretRef'].filter(field => source[field] !== undefined)
    for (const field of given) {
      const name: string = source[field].name ?? ''
      const here = `${at}.${field}.name`
      // A prefix of a name will do there.
      if (present(name, here, causes)) {
        for (const text of dnsSubdomainErrors(name.replace(/-$/, 'a'))) {
          causes.invalid(here, name, text)
        }
      }
    }
    if (given.length === 0) {
      causes.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`')
    } else if (given.length > 1) {
      causes.invalid(path, '', 'may not have more than one field specified at a time')
    }
  })
}
