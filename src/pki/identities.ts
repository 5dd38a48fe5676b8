import type { Identity } from './authority.ts'

/**
 * The identities of a cluster's own components: upstream's user names and groups, so that audit
 * logs and, later, RBAC rules read the same.
 * Source: kubernetes.io "PKI certificates and requirements".
 */
export const identities = {
  admin: { user: 'kubernetes-admin', groups: ['system:masters'] },
  apiserver: { user: 'kube-apiserver', groups: ['system:masters'] },
  etcd: { user: 'etcd', groups: [] },
  scheduler: { user: 'system:kube-scheduler', groups: ['system:authenticated'] },
  controllerManager: { user: 'system:kube-controller-manager', groups: ['system:authenticated'] },
  proxy: { user: 'system:kube-proxy', groups: ['system:node-proxier', 'system:authenticated'] },
  loadBalancer: { user: 'quorate:load-balancer', groups: ['system:authenticated'] },
  probe: { user: 'quorate:probe', groups: ['system:masters'] },
} as const satisfies Record<string, Identity>

/** The identity of the kubelet on `nodeName`. Source: node authorizer. */
export function nodeIdentity(nodeName: string): Identity {
  return { user: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }
}
