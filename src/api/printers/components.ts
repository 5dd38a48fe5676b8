import type { KubeObject } from '../types.ts'
import { type Column, column, nameColumn } from './types.ts'

/** Source: printers.go printComponentStatus. */
export const componentStatusColumns: readonly Column[] = [
  nameColumn,
  column('Status', statusText, 'Status of the component conditions'),
  column(
    'Message',
    object => healthOf(object)?.message ?? '',
    'Message of the component conditions',
  ),
  column('Error', object => healthOf(object)?.error ?? '', 'Error of the component conditions'),
]

interface Condition {
  readonly type?: string
  readonly status?: string
  readonly message?: string
  readonly error?: string
}

function healthOf({ conditions }: KubeObject): Condition | undefined {
  return (conditions as Condition[] | undefined)?.find(one => one.type === 'Healthy')
}

function statusText(object: KubeObject): string {
  const health = healthOf(object)
  if (health === undefined) return 'Unknown'
  return health.status === 'True' ? 'Healthy' : 'Unhealthy'
}
