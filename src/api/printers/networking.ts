import type { LabelSelector } from '../objects.ts'
import { selectorOf, selectorText } from '../selectors.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const ingressColumns: readonly Column[] = [
  nameColumn,
  column(
    'Class',
    ({ spec }) => spec?.ingressClassName ?? '<none>',
    'The name of the IngressClass resource that should be used for additional configuration',
  ),
  column(
    'Hosts',
    ({ spec }) => hostsText(spec?.rules ?? []),
    'Hosts that incoming requests are matched against before the ingress rule',
  ),
  column(
    'Address',
    addressesText,
    'Address is a list containing ingress points for the load-balancer',
  ),
  column(
    'Ports',
    ({ spec }) => ((spec?.tls ?? []).length > 0 ? '80, 443' : '80'),
    'Ports of TLS configurations that open',
  ),
  ageColumn,
]

const hostsMax = 3

/** Source: formatHosts, which counts the rules beyond the third one, not the hosts. */
function hostsText(rules: readonly { host?: string }[]): string {
  const shown: string[] = []
  let isMore = false
  for (const { host } of rules) {
    if (shown.length === hostsMax) isMore = true
    if (!isMore && host) shown.push(host)
  }
  if (shown.length === 0) return '*'
  return isMore ? `${shown.join(',')} + ${rules.length - hostsMax} more...` : shown.join(',')
}

function addressesText({ status }: KubeObject): string {
  const points: { ip?: string; hostname?: string }[] = status?.loadBalancer?.ingress ?? []
  const texts = points.map(({ ip, hostname }) => ip || hostname || '').filter(text => text !== '')
  return [...new Set(texts)].sort().join(',')
}

export const ingressClassColumns: readonly Column[] = [
  nameColumn,
  column(
    'Controller',
    ({ spec }) => spec?.controller ?? '',
    'Controller that is responsible for handling this class',
  ),
  column(
    'Parameters',
    ({ spec }) => parametersText(spec?.parameters),
    'A reference to a resource with additional parameters',
  ),
  ageColumn,
]

function parametersText(
  parameters: { kind?: string; apiGroup?: string; name?: string } | undefined,
): string {
  if (!parameters) return '<none>'
  const { kind = '', apiGroup, name = '' } = parameters
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`
}

export const networkPolicyColumns: readonly Column[] = [
  nameColumn,
  column(
    'Pod-Selector',
    ({ spec }) => labelSelectorText(spec?.podSelector ?? {}),
    'Selects the pods to which this NetworkPolicy object applies.  The array of ingress rules is ' +
      'applied to any pods selected by this field. Multiple network policies can select the ' +
      'same set of pods.  In this case, the ingress rules for each are combined additively. ' +
      'This field is NOT optional and follows standard label selector semantics. An empty ' +
      'podSelector matches all pods in this namespace.',
  ),
  ageColumn,
]

/** Source: meta/v1 FormatLabelSelector. */
export function labelSelectorText(selector: LabelSelector): string {
  try {
    return selectorText(selectorOf(selector)) || '<none>'
  } catch {
    return '<error>'
  }
}

export const ipAddressColumns: readonly Column[] = [
  nameColumn,
  column(
    'ParentRef',
    ({ spec }) => parentText(spec?.parentRef),
    'ParentRef references the resource that an IPAddress is attached to. An IPAddress must ' +
      'reference a parent object.',
  ),
  { ...ageColumn, isUndeclared: true },
]

function parentText(
  parent: { group?: string; resource?: string; namespace?: string; name?: string } | undefined,
): string {
  if (!parent) return '<none>'
  const { group = '', resource = '', namespace = '', name = '' } = parent
  const what = (group === '' ? resource : `${resource}.${group}`).toLowerCase()
  return [what, ...(namespace === '' ? [] : [namespace]), name].join('/')
}

export const serviceCidrColumns: readonly Column[] = [
  nameColumn,
  describedColumn('CIDRs', 'networking.v1.ServiceCIDRSpec.cidrs', ({ spec }) =>
    (spec?.cidrs ?? []).join(','),
  ),
  ageColumn,
]
