import type { KubeObject } from '../types.ts'
import { labelSelectorText } from './networking.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

/** Of mutating and validating webhooks. */
export const webhookColumns: readonly Column[] = [
  nameColumn,
  column(
    'Webhooks',
    ({ webhooks }) => webhooks?.length ?? 0,
    'Webhooks indicates the number of webhooks registered in this configuration',
    'integer',
  ),
  ageColumn,
]

export const validatingAdmissionPolicyColumns: readonly Column[] = [
  nameColumn,
  column(
    'Validations',
    ({ spec }) => spec?.validations?.length ?? 0,
    'Validations indicates the number of validation rules defined in this configuration',
    'integer',
  ),
  column(
    'ParamKind',
    ({ spec }) => {
      if (spec?.paramKind === undefined) return '<unset>'
      const { apiVersion = '', kind = '' } = spec.paramKind
      return `${apiVersion}/${kind}`
    },
    'ParamKind specifies the kind of resources used to parameterize this policy',
  ),
  ageColumn,
]

export const validatingAdmissionPolicyBindingColumns: readonly Column[] = [
  nameColumn,
  column(
    'PolicyName',
    ({ spec }) => spec?.policyName ?? '',
    'PolicyName indicates the policy definition which the policy binding binded to',
  ),
  column(
    'ParamRef',
    paramText,
    'ParamRef indicates the param resource which sets the configuration param',
  ),
  ageColumn,
]

function paramText({ spec }: KubeObject): string {
  const { paramRef } = spec ?? {}
  if (paramRef?.name) return `${paramRef.namespace || '*'}/${paramRef.name}`
  return paramRef?.selector ? labelSelectorText(paramRef.selector) : '<unset>'
}
