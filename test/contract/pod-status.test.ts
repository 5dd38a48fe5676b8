import { expect, test } from 'vitest'
import { kinds } from '../../src/api/kinds.ts'
import type { Pod, PodStatus } from '../../src/api/objects.ts'
import { createClient } from '../../src/client/client.ts'
import { StatusManager } from '../../src/kubelet/statusmanager.ts'
import { clusterForAll } from './support.ts'

/** The kubelet's way of writing a pod's status, through the API that judges it. */
const client = createClient(clusterForAll(), { userAgent: 'kubelet' })

const at = (ip: string): PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  hostIP: '10.0.0.1',
  hostIPs: [{ ip: '10.0.0.1' }],
  podIP: ip,
  podIPs: [{ ip }],
})

test('a pod whose sandbox is a new one has its new address, and no other', async () => {
  const spec = { containers: [{ name: 'c', image: 'i' }], nodeName: 'node' }
  const metadata = { name: 'web', namespace: 'default' }
  const pod = await client.create(kinds.pods, { metadata, spec } as Pod)
  const statuses = new StatusManager(client)
  for (const ip of ['10.1.0.1', '10.1.0.2', '10.1.0.3']) {
    await statuses.write(pod, at(ip))
    const { status } = await client.get(kinds.pods, 'default', 'web')
    expect(status).toMatchObject({ podIP: ip, podIPs: [{ ip }], hostIPs: [{ ip: '10.0.0.1' }] })
  }
})
