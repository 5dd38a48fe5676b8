import { expect, test } from 'vitest'
import { LeaderCalls } from '../../../src/store/leader-calls.ts'
import { defaultTimings } from '../../../src/store/options.ts'
import type { Host } from '../../../src/store/proposer.ts'
import { Reader } from '../../../src/store/reader.ts'

interface Posted {
  readonly q: { readonly id: number }
}

function hostOf(posted: Posted[] = []): Host {
  return {
    core: { id: 'a', leader: 'b', role: 'follower' } as Host['core'],
    clock: { now: () => 0, wall: () => 0, after: () => () => {}, every: () => () => {} },
    timings: defaultTimings,
    post: (_to, item) => void posted.push(item as Posted),
    wake: () => {},
  }
}

/** A read that was asked for in a life, and its number. */
function ask(incarnation: number) {
  const reader = new Reader(hostOf(), incarnation)
  const permit = reader.permit()
  const { id } = reader.takeInput() as { readonly id: number }
  return { reader, permit, id }
}

test("an answer to a former life's read confirms nothing", async () => {
  const former = ask(1)
  const present = ask(2)
  let settled = false
  void present.permit.then(() => {
    settled = true
  })
  present.reader.onReadStates([{ id: former.id, index: 3 }])
  present.reader.onApplied(3)
  await Promise.resolve()
  expect(settled).toBe(false)
  present.reader.onReadStates([{ id: present.id, index: 9 }])
  present.reader.onApplied(9)
  expect(await present.permit).toEqual({ ok: true })
})

test("an answer to a former life's call is none to this one's", async () => {
  const ids = [1, 2].map(incarnation => {
    const posted: Posted[] = []
    const calls = new LeaderCalls(hostOf(posted), incarnation, () => undefined)
    void calls.call({ type: 'transfer' })
    calls.flush()
    return posted[0]!.q.id
  })
  expect(new Set(ids).size).toBe(2)
})
