import assert from 'node:assert/strict'
import { type Kind, kinds } from '../../src/api/kinds.ts'
import type { ConfigMap } from '../../src/api/objects.ts'
import { StatusError } from '../../src/api/status.ts'
import type { KubeObject } from '../../src/api/types.ts'
import type { Client } from '../../src/client/types.ts'
import { apiInput, namespace } from './api-input.ts'
import { enter, type House, leave } from './house.ts'
import { serverError } from './http-input.ts'
import { pick } from './mutate.ts'
import { type Door, processDoor } from './process-door.ts'

/** The HTTPS API of a peer, and the same through the load balancer. */
export const api = processDoor('api', async () => {
  const house = await enter()
  await ensureNamespace(house.client)
  return doorOf(house, house.cluster.portBase + 1, house.cluster.api(1))
})

export const loadBalancer = processDoor('load-balancer', async () => {
  const house = await enter()
  await ensureNamespace(house.client)
  return doorOf(house, house.cluster.portBase, house.cluster.server)
})

function doorOf(house: House, port: number, server: string): Door {
  const callers = house.callers(port)
  const client = house.cluster.client([server], 0)
  const ask = askerOf(client)
  return {
    processes: [house.peer, house.loadBalancer],
    input: prng => ({ caller: pick(callers, prng), bytes: apiInput(prng) }),
    ask,
    wrongIn: ({ got }) => serverError(got),
    tidy: () => tidy(house.client),
    stop: leave,
  }
}

/** Writes an object, and reads what it wrote. */
function askerOf(client: Client): () => Promise<void> {
  let asked = 0
  return async () => {
    const metadata = { name: `well-behaved-${asked % 10}`, namespace: 'default' }
    const wanted: ConfigMap = { metadata, data: { asked: String(++asked) } }
    await client.update(kinds.configMaps, wanted).catch(error => {
      if (!(error instanceof StatusError) || error.status.code !== 404) throw error
      return client.create(kinds.configMaps, wanted)
    })
    const found = await client.get(kinds.configMaps, 'default', metadata.name)
    assert.deepEqual(found.data, wanted.data)
  }
}

async function ensureNamespace(client: Client): Promise<void> {
  const metadata = { name: namespace }
  await client.create(kinds.namespaces, { metadata }).catch(error => {
    if (!(error instanceof StatusError) || error.status.code !== 409) throw error
  })
}

/** Whatever was valid after all is removed, or it would be part of what is measured. */
async function tidy(client: Client): Promise<void> {
  for (const kind of Object.values(kinds) as Kind<KubeObject>[]) {
    if (!kind.namespaced) continue
    const { items } = await client.list(kind, { namespace })
    for (const { metadata } of items) await remove(client, kind, metadata.name ?? '')
  }
}

async function remove(client: Client, kind: Kind<KubeObject>, name: string): Promise<void> {
  const body = { metadata: { finalizers: null } }
  try {
    await client.delete(kind, namespace, name, { gracePeriodSeconds: 0 })
    await client.patch(kind, namespace, name, { type: 'merge', body })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
}
