import { kinds } from '../../api/kinds.ts'
import { type Context, type Controller, done, type Outcome, watch } from '../types.ts'
import { subnets } from './subnets.ts'

/** Gives each node a network for its pods. Source: pkg/controller/nodeipam, range allocator. */
export const nodeIpam: Controller = {
  name: 'node-ipam',
  // One worker: two nodes must not be given the same network.
  workers: 1,
  watches: [watch(kinds.nodes, node => [node.metadata.name ?? ''])],
  reconcile,
}

async function reconcile(name: string, context: Context): Promise<Outcome> {
  const nodes = context.lister(kinds.nodes)
  const node = nodes.get(undefined, name)
  if (!node || node.spec?.podCIDR) return done
  const current = context.cacheRevision(kinds.nodes)
  if (!context.expectations.satisfied('all', current, () => false)) return { requeueAfterMs: 20 }
  const used = new Set(nodes.list().map(each => each.spec?.podCIDR))
  for (const podCIDR of subnets(context.settings.podNetwork)) {
    if (used.has(podCIDR)) continue
    const { resourceVersion } = node.metadata
    const updated = await context.client.patch(kinds.nodes, undefined, name, {
      type: 'merge',
      body: { metadata: { resourceVersion }, spec: { podCIDR, podCIDRs: [podCIDR] } },
    })
    context.expectations.created('all', updated.metadata.resourceVersion)
    return done
  }
  const text = `Node ${name} status is now: CIDRNotAvailable`
  context.recorder.event(node, 'Normal', 'CIDRNotAvailable', text)
  return done
}
