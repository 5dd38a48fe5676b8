import { expect, test } from 'vitest'
import type { Pod, PodStatus } from '../../../src/api/objects.ts'
import type { Client } from '../../../src/client/types.ts'
import { StatusManager } from '../../../src/kubelet/statusmanager.ts'

const ready = (status: 'True' | 'False'): PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status }],
})
const podAt = (revision: number, status: PodStatus): Pod => ({
  metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: String(revision) },
  spec: { containers: [] },
  status,
})

/** Keeps the revision that the API would give, and counts the writes. */
function recordingClient(): { client: Client; writes: PodStatus[] } {
  const writes: PodStatus[] = []
  const patch = async (_kind: unknown, _ns: string, _name: string, body: { body: unknown }) => {
    writes.push((body.body as Pod).status ?? {})
    return podAt(10 + writes.length, {})
  }
  return { client: { patch } as unknown as Client, writes }
}

test('a status that the node controller overwrote is written again', async () => {
  const { client, writes } = recordingClient()
  const statuses = new StatusManager(client)
  await statuses.write(podAt(5, {}), ready('True'))
  // The informer is behind: what was written last counts, and nothing is written twice.
  expect(statuses.withLatest(podAt(7, ready('False'))).status?.conditions?.[0]?.status).toBe('True')
  await statuses.write(podAt(7, ready('False')), ready('True'))
  expect(writes.length).toBe(1)
  // The node was silent meanwhile: the newer pod says NotReady.
  const marked = podAt(20, ready('False'))
  expect(statuses.withLatest(marked).status?.conditions?.[0]?.status).toBe('False')
  await statuses.write(marked, ready('True'))
  expect(writes.length).toBe(2)
})
