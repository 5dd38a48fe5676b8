import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/flowcontrol/v1/defaults.go. */

export function defaultFlowSchema(object: KubeObject): void {
  object.spec ??= {}
  object.spec.matchingPrecedence ||= 1000
}

export function defaultPriorityLevel({ spec }: KubeObject): void {
  if (spec?.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
  if (!spec?.limited) return
  spec.limited.nominalConcurrencyShares ??= 30
  spec.limited.lendablePercent ??= 0
  const { queuing } = spec.limited.limitResponse ?? {}
  if (!queuing) return
  queuing.handSize ||= 8
  queuing.queues ||= 64
  queuing.queueLengthLimit ||= 50
}
