import { ownValue, setOwn } from '../own.ts'
import type { KubeObject } from '../types.ts'
import { roundList } from './pod.ts'

type List = Record<string, string>

interface Item {
  type?: string
  max?: List
  min?: List
  default?: List
  defaultRequest?: List
  maxLimitRequestRatio?: List
}

/** Source: kubernetes pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem. */
export function defaultLimitRange({ spec }: KubeObject): void {
  for (const item of (spec?.limits ?? []) as Item[]) {
    if (item.type === 'Container') {
      item.default ??= {}
      item.defaultRequest ??= {}
      addMissing(item.default, item.max)
      addMissing(item.defaultRequest, item.default)
      addMissing(item.defaultRequest, item.min)
    }
    const { max, min, default: limits, defaultRequest, maxLimitRequestRatio } = item
    for (const list of [max, min, limits, defaultRequest, maxLimitRequestRatio]) {
      if (list) roundList(list)
    }
  }
}

function addMissing(list: List, from: List | undefined): void {
  for (const [name, quantity] of Object.entries(from ?? {})) {
    if (ownValue(list, name) === undefined) setOwn(list, name, quantity)
  }
}

/** Source: zz_generated.defaults.go SetObjectDefaults_ResourceQuota. */
export function defaultResourceQuota({ spec, status }: KubeObject): void {
  for (const list of [spec?.hard, status?.hard, status?.used]) if (list) roundList(list)
}
