import { expect, test } from 'vitest'
import { createLocalStore } from '../../src/store/local.ts'
import { send, watch } from './requests.ts'
import { startCluster, systemUser } from './support.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'

test('a watch whose first change is at the floor of compaction says so, and loses no DELETED', async () => {
  const store = createLocalStore()
  const first = await startCluster({ store })
  const api = first.server.transport(systemUser)
  const create = async (name: string) => {
    const { value } = await send(api, 'POST', configMaps, { metadata: { name } })
    return Number(value.metadata.resourceVersion)
  }
  await create('gone')
  const seen = await create('seen')
  await send(api, 'DELETE', `${configMaps}/gone`)
  const floor = (await store.status()).revision
  const last = await create('last')
  await store.compact(floor)
  // Its cache begins later than the watch: the store itself has to tell what was missed.
  const second = await startCluster({ store })
  const other = second.server.transport(systemUser)
  const resume = (version: number) => watch(other, `${configMaps}?resourceVersion=${version}`)
  const tooEarly = await resume(floor - 1)
  expect(floor - 1).toBeGreaterThanOrEqual(seen)
  const expired = { type: 'ERROR', object: { code: 410, reason: 'Expired' } }
  expect(await tooEarly.take(1)).toMatchObject([expired])
  const whole = await resume(floor)
  const added = { type: 'ADDED', object: { metadata: { name: 'last' } } }
  expect(await whole.take(1)).toMatchObject([added])
  expect(last).toBeGreaterThan(floor)
  await second.stop()
  await first.stop()
})
