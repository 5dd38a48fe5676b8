import assert from 'node:assert/strict'
import { AdminClient } from '../../src/admin/client.ts'
import { must } from '../../src/kernel/assert.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import type { Caller } from './callers.ts'
import { enter, leave } from './house.ts'
import { encodeRequest, type Request, serverError } from './http-input.ts'
import { mutate, pick } from './mutate.ts'
import { mutate as mutateObject } from './objects.ts'
import { type Door, processDoor } from './process-door.ts'

/**
 * Faults that an administrator may order. What they do to somebody that exists is no fault of the
 * door, and so they name nobody that does; the two that stop a peer are without what they need.
 */
const faults: readonly object[] = [
  { type: 'partition', from: ['peer-8', 'peer-9'] },
  { type: 'slow', peers: ['peer-9'], delayMs: 200 },
  { type: 'heal' },
  { type: 'kill', peer: 'peer-9' },
  { type: 'pause', peer: 'peer-9' },
  { type: 'resume', peer: 'peer-9' },
  { type: 'restart', peer: 'peer-9' },
  { type: 'hold-writes' },
  { type: 'block-main' },
  { type: 'constructor' },
]
const bodies: Readonly<Record<string, readonly object[]>> = {
  '/fault': faults,
  '/transfer': [{ to: 'peer-9', askedAt: 1 }, {}],
  '/members/remove': [{ id: '0123456789abcdef' }],
  '/members/promote': [{ id: '0123456789abcdef' }],
}
const pages = ['/status', '/status?hash=1', '/events?after=0', '/members', '/processes', '/x']

function input(prng: Prng): Buffer {
  return encodeRequest(prng.chance(0.3) ? page(prng) : order(prng), prng)
}

function page(prng: Prng): Request {
  return { method: 'GET', target: pick(pages, prng) }
}

function order(prng: Prng): Request {
  const target = prng.chance(0.6) ? '/fault' : pick(Object.keys(bodies), prng)
  const valid = pick(must(bodies[target], 'its bodies'), prng)
  const object = prng.chance(0.1) ? valid : mutateObject(valid, prng)
  const body = Buffer.from(
    JSON.stringify(prng.chance(0.05) ? pick([null, 1, [], 'x'], prng) : object),
  )
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', target, headers, body: prng.chance(0.1) ? mutate(body, prng) : body }
}

/** The admin port of a peer. */
export const admin = processDoor('admin', async () => {
  const house = await enter()
  const client = house.cluster.admin('peer-1')
  const ask = async () => assert.equal((await client.status()).name, 'peer-1')
  return doorOf(house.callers(house.cluster.portBase + 193), [house.peer], client, ask)
})

/** The supervisor's, which starts and kills processes. */
export const supervisor = processDoor('supervisor', async () => {
  const house = await enter()
  const client = new AdminClient(`127.0.0.1:${house.cluster.portBase + 257}`, house.cluster.tls)
  const ask = async () => {
    const processes = await client.processes()
    assert.ok(processes.every(({ state }) => state === 'running'))
  }
  return doorOf(house.callers(house.cluster.portBase + 257), [house.supervisor], client, ask)
})

function doorOf(
  callers: readonly Caller[],
  processes: Door['processes'],
  client: AdminClient,
  ask: () => Promise<void>,
): Door {
  return {
    processes,
    input: prng => ({ caller: pick(callers, prng), bytes: input(prng) }),
    ask,
    wrongIn: ({ got }) => serverError(got),
    async tidy() {
      await client.fault({ type: 'heal' })
    },
    stop: leave,
  }
}
