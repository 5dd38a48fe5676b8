import { kinds } from '../api/kinds.ts'
import type { Deployment, Pod, Service } from '../api/objects.ts'
import { isStatusReason } from '../api/status.ts'
import type { Client } from '../client/types.ts'
import { sleep } from '../kernel/clock.ts'

/** The objects that the architecture document shows: what a demonstration deploys. */
const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'nginx-deployment' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'nginx' } },
    template: {
      metadata: { labels: { app: 'nginx' } },
      spec: { containers: [{ name: 'nginx', image: 'nginx:1.14.2' }] },
    },
  },
}

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'nginx-pod' },
  spec: {
    containers: [{ name: 'nginx', image: 'nginx:1.14.2', ports: [{ containerPort: 80 }] }],
  },
}

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'nginx-service' },
  spec: {
    selector: { app: 'nginx' },
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    type: 'LoadBalancer',
  },
}

const pollMs = 50

/** Creates namespace and objects; those that exist are left as they are. */
export async function deployWorkload(client: Client, namespace: string): Promise<void> {
  const into = <T extends { metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, namespace },
  })
  const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
  for (const create of [
    () => client.create(kinds.namespaces, space),
    () => client.create(kinds.deployments, into(deployment)),
    () => client.create(kinds.pods, into(pod)),
    () => client.create(kinds.services, into(service)),
  ]) {
    try {
      await create()
    } catch (error) {
      if (!isStatusReason(error, 'AlreadyExists')) throw error
    }
  }
}

/** Waits until the Deployment has `replicas` ready pods. Returns the milliseconds it took. */
export async function waitForReplicas(
  client: Client,
  namespace: string,
  replicas: number,
  timeoutMs: number,
): Promise<number> {
  const began = performance.now()
  for (;;) {
    const tookMs = performance.now() - began
    try {
      const now = await client.get(kinds.deployments, namespace, 'nginx-deployment')
      const current = now.status?.observedGeneration === now.metadata.generation
      if (current && (now.status?.readyReplicas ?? 0) === replicas) return tookMs
    } catch {
      // A peer that is being killed: the next attempt asks another.
    }
    if (tookMs > timeoutMs) {
      throw new Error(`nginx-deployment has not ${replicas} ready pods after ${timeoutMs} ms`)
    }
    await sleep(pollMs)
  }
}

/** Sets the Deployment's size, as `kubectl scale` does. */
export async function scaleWorkload(
  client: Client,
  namespace: string,
  replicas: number,
): Promise<void> {
  await client.patch(kinds.deployments, namespace, 'nginx-deployment', {
    type: 'merge',
    body: { spec: { replicas } },
    subresource: 'scale',
  })
}
