import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/admissionregistration/v1/defaults.go. */

export function defaultValidatingWebhooks(object: KubeObject): void {
  for (const webhook of object.webhooks ?? []) defaultWebhook(webhook)
}

export function defaultMutatingWebhooks(object: KubeObject): void {
  for (const webhook of object.webhooks ?? []) {
    defaultWebhook(webhook)
    webhook.reinvocationPolicy ??= 'Never'
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a webhook, whatever the client made of it
function defaultWebhook(webhook: any): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
  defaultRules(webhook.rules)
}

function defaultRules(rules: readonly { scope?: string }[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

export function defaultPolicy(object: KubeObject): void {
  object.spec ??= {}
  object.spec.failurePolicy ??= 'Fail'
  defaultMatch(object.spec.matchConstraints)
}

/** The binding's reference to its parameters has no default. */
export function defaultPolicyBinding({ spec }: KubeObject): void {
  defaultMatch(spec?.matchResources)
}

function defaultMatch(match: KubeObject['spec']): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}
