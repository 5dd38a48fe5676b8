import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source: kube-aggregator pkg/registry/apiservice/etcd/etcd.go ConvertToTable. */
export const apiServiceColumns: readonly Column[] = [
  nameColumn,
  column(
    'Service',
    ({ spec }) => {
      if (!spec?.service) return 'Local'
      const { namespace = '', name = '' } = spec.service
      return `${namespace}/${name}`
    },
    'The reference to the service that hosts this API endpoint.',
  ),
  column('Available', availableText, 'Whether this service is available.'),
  ageColumn,
]

function availableText({ status }: KubeObject): string {
  const conditions: { type?: string; status?: string; reason?: string }[] = status?.conditions ?? []
  const found = conditions.find(({ type }) => type === 'Available')
  if (found === undefined) return 'Unknown'
  const { status: state = '', reason } = found
  return state !== 'True' && reason ? `${state} (${reason})` : state
}
