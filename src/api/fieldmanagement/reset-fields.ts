import { fieldElement, type Path } from './element.ts'
import {
  type FieldSet,
  onlyMatching,
  type Pattern,
  recursiveDifference,
  setOfPaths,
} from './field-set.ts'

/** A resource, and the part of it that a request is about; '' the object itself. */
export interface Written {
  readonly group: string
  readonly resource: string
  readonly subresource: string
  /** Status moves only through /status. */
  readonly hasStatus: boolean
}

/** The set without what the request can't change. */
export type ResetFilter = (set: FieldSet) => FieldSet

/** Source: GetResetFields of upstream's strategies, kubernetes pkg/registry. */
export function resetFilter(written: Written): ResetFilter {
  const { group, resource, subresource } = written
  const key = [group, resource, subresource].join('/')
  let filter = filters.get(key)
  if (filter === undefined) {
    filter = makeFilter(key, written)
    filters.set(key, filter)
  }
  return filter
}

const filters = new Map<string, ResetFilter>()

function makeFilter(key: string, { subresource, hasStatus }: Written): ResetFilter {
  const included = onlyChanged[key]
  if (included !== undefined) return set => onlyMatching(set, included)
  const paths = exceptions[key] ?? (hasStatus ? (usual[subresource] ?? '') : '')
  if (paths === '') return set => set
  const excluded = setOfPaths(paths.split(' ').map(pathOf))
  return set => recursiveDifference(set, excluded)
}

function pathOf(dotted: string): Path {
  return dotted.split('.').map(fieldElement)
}

/** By subresource. */
const usual: Readonly<Record<string, string>> = { '': 'status', status: 'spec' }

/** `group/resource/subresource` to what is reset; '' is nothing. */
const exceptions: Readonly<Record<string, string>> = {
  '/namespaces/finalize': 'status',
  '/pods/status': 'spec metadata.deletionTimestamp metadata.ownerReferences',
  'apps/deployments/status': 'spec metadata.labels',
  'certificates.k8s.io/certificatesigningrequests/': 'spec status',
  'certificates.k8s.io/certificatesigningrequests/status': 'spec status.conditions',
  'certificates.k8s.io/certificatesigningrequests/approval': 'spec status.certificate',
  // Upstream names these under groups that do not exist.
  'networking.k8s.io/servicecidrs/': '',
  'networking.k8s.io/servicecidrs/status': '',
  ...Object.fromEntries(
    [
      'admissionregistration.k8s.io/validatingadmissionpolicies',
      'apiextensions.k8s.io/customresourcedefinitions',
      'apiregistration.k8s.io/apiservices',
      'flowcontrol.apiserver.k8s.io/flowschemas',
      'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
      'internal.apiserver.k8s.io/storageversions',
      'resource.k8s.io/devicetaintrules',
      'resource.k8s.io/resourceclaims',
      'storage.k8s.io/volumeattachments',
      'storagemigration.k8s.io/storageversionmigrations',
    ].map(resource => [`${resource}/status`, 'spec metadata']),
  ),
}

/** Parts that change only what is named. Source: pkg/registry/core/pod/strategy.go. */
const onlyChanged: Readonly<Record<string, readonly Pattern[]>> = {
  '/pods/ephemeralcontainers': [['f:spec', 'f:ephemeralContainers']],
  '/pods/resize': ['f:containers', 'f:initContainers'].flatMap(list => [
    ['f:spec', list, '*', 'f:resources'],
    ['f:spec', list, '*', 'f:resizePolicy'],
  ]),
}
