import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import {
  type Configuration,
  listMax,
  type Selector,
  type Toleration,
  validateAttributeName,
  validateConfiguration,
  validateDeviceToleration,
  validateLabelOf,
  validateSelectors,
  validateText,
} from './devices.ts'
import { validateSet, validateSlice } from './lists.ts'
import { validateLabels } from './metadata.ts'
import { dnsSubdomainErrors, qualifiedNameErrors } from './names.ts'

/** Source of all: kubernetes pkg/apis/resource/validation/validation.go. */

interface Wanted {
  readonly name?: string
  readonly deviceClassName?: string
  readonly selectors?: readonly Selector[]
  readonly allocationMode?: string
  readonly count?: number
  readonly tolerations?: readonly Toleration[]
  readonly adminAccess?: boolean
}

interface Request {
  readonly name?: string
  readonly exactly?: Wanted
  readonly firstAvailable?: readonly Wanted[]
}

interface Constraint {
  readonly requests?: readonly string[]
  readonly matchAttribute?: string
  readonly distinctAttribute?: string
}

export interface DeviceClaim {
  readonly requests?: readonly Request[]
  readonly constraints?: readonly Constraint[]
  readonly config?: readonly (Configuration & { readonly requests?: readonly string[] })[]
}

const immutable = 'field is immutable'
const subRequestsMax = 8
const oneOf = 'exactly one of `exactly` or `firstAvailable` is required'

export function validateResourceClaim({ spec }: KubeObject, causes: Causes): void {
  validateDeviceClaim(spec?.devices ?? {}, 'spec.devices', causes)
}

export function validateResourceClaimTemplate({ spec = {} }: KubeObject, causes: Causes): void {
  const { metadata = {} } = spec
  validateLabels(metadata.labels, 'spec.metadata.labels', causes)
  for (const key of Object.keys(metadata.annotations ?? {})) {
    const wrong = qualifiedNameErrors(key.toLowerCase())
    for (const text of wrong) causes.invalid('spec.metadata.annotations', key, text)
  }
  validateDeviceClaim(spec.spec?.devices ?? {}, 'spec.spec.devices', causes)
}

/** The specs of claims and of their templates stay. */
export function validateClaimUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (!semanticEqual(next.spec, old.spec)) causes.invalid('spec', next.spec, immutable)
}

/** Names of requests, with those of their alternatives. Source: gatherRequestNames. */
export function requestNamesOf({ requests = [] }: DeviceClaim): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ name = '', firstAvailable = [] }) => [
      name,
      ...firstAvailable.map(one => `${name}/${one.name ?? ''}`),
    ]),
  )
}

function validateDeviceClaim(claim: DeviceClaim, path: string, causes: Causes): void {
  const names = requestNamesOf(claim)
  validateSet(claim.requests, listMax, `${path}.requests`, causes, nameOf, (request, at) =>
    validateRequest(request, at, causes),
  )
  validateSlice(claim.constraints, listMax, `${path}.constraints`, causes, (one, at) => {
    validateNames(one.requests, names, `${at}.requests`, causes)
    const { matchAttribute, distinctAttribute } = one
    if (matchAttribute !== undefined) {
      validateAttributeName(matchAttribute, `${at}.matchAttribute`, causes)
    } else if (distinctAttribute !== undefined) {
      validateAttributeName(distinctAttribute, `${at}.distinctAttribute`, causes)
    } else causes.required(`${at}.matchAttribute`)
  })
  validateSlice(claim.config, listMax, `${path}.config`, causes, (one, at) => {
    validateNames(one.requests, names, `${at}.requests`, causes)
    validateConfiguration(one, at, causes)
  })
}

function nameOf({ name = '' }: { readonly name?: string }): string {
  return name
}

/** References to requests. */
export function validateNames(
  given: readonly string[] | undefined,
  names: ReadonlySet<string>,
  path: string,
  causes: Causes,
): void {
  validateSet(
    given,
    listMax,
    path,
    causes,
    name => name,
    (name, at) => validateRequestReference(name, names, at, causes),
  )
}

/** Source: validateRequestNameRef. */
export function validateRequestReference(
  name: string,
  names: ReadonlySet<string>,
  path: string,
  causes: Causes,
): void {
  const segments = name.split('/')
  const isShort = segments.length <= 2
  for (const segment of isShort ? segments : []) validateLabelOf(segment, path, causes)
  if (isShort && names.has(name)) return
  const text =
    'must be the name of a request in the claim or the name of a request and a subrequest ' +
    "separated by '/'"
  causes.invalid(path, name, text)
}

function validateRequest(request: Request, path: string, causes: Causes): void {
  const { exactly, firstAvailable = [] } = request
  validateLabelOf(nameOf(request), `${path}.name`, causes)
  if (exactly && firstAvailable.length > 0) {
    causes.invalid(path, null, `${oneOf}, but multiple fields are set`)
  } else if (exactly) validateWanted(exactly, `${path}.exactly`, causes)
  else if (firstAvailable.length > 0) {
    const at = `${path}.firstAvailable`
    validateSet(firstAvailable, subRequestsMax, at, causes, nameOf, (one, place) => {
      validateLabelOf(nameOf(one), `${place}.name`, causes)
      validateWanted(one, place, causes)
    })
  } else causes.required(path, oneOf)
}

function validateWanted(wanted: Wanted, path: string, causes: Causes): void {
  const { deviceClassName: name = '', allocationMode: mode = '', count = 0 } = wanted
  if (name === '') causes.required(`${path}.deviceClassName`)
  else validateText(name, dnsSubdomainErrors, `${path}.deviceClassName`, causes)
  validateSelectors(wanted.selectors, `${path}.selectors`, causes)
  if (mode === 'All') {
    const text = "must not be specified when allocationMode is 'All'"
    if (count !== 0) causes.invalid(`${path}.count`, count, text)
  } else if (mode === 'ExactCount') {
    if (count <= 0) causes.invalid(`${path}.count`, count, 'must be greater than zero')
  } else causes.notSupported(`${path}.allocationMode`, mode, ['All', 'ExactCount'])
  for (const [index, toleration] of (wanted.tolerations ?? []).entries()) {
    validateDeviceToleration(toleration, `${path}.tolerations[${index}]`, causes)
  }
}
