import assert from 'node:assert/strict'
import type { Prng } from '../../src/kernel/prng.ts'
import { joinCommands, packCommand } from '../../src/store/command.ts'
import { readCommand } from '../../src/store/command-shape.ts'
import { packFrame, unpackFrame } from '../../src/store/frames.ts'
import { Machine } from '../../src/store/machine.ts'
import type { Replica } from '../../src/store/replica.ts'
import { put, TestCluster } from '../unit/store/cluster.ts'
import { commands, frames } from './corpus.ts'
import { mutate, pick, randomBytes } from './mutate.ts'
import type { Session, Target } from './target.ts'

/**
 * Frames as a worker, a stranger and a removed peer, valid, mutated and random, to living masters:
 * nothing of it may reach consensus. What is mutated is read here as a member's, too, and has to be
 * refused or to be well-formed: then it can be written again, and every member can apply it.
 */
export const mesh: Target = {
  name: 'mesh',
  async open(prng) {
    const refused: string[] = []
    const onRefused = ({ reason }: { readonly reason: string }) => refused.push(reason)
    const cluster = new TestCluster(['a', 'b', 'c'], { onRefused })
    await cluster.openAll()
    return new MeshSession(cluster, refused, await cluster.leader(), prng)
  },
}

class MeshSession implements Session {
  readonly #cluster: TestCluster
  readonly #refused: readonly string[]
  readonly #leader: Replica
  readonly #term: number
  readonly #senders
  readonly #machine = new Machine()

  constructor(cluster: TestCluster, refused: readonly string[], leader: Replica, prng: Prng) {
    this.#cluster = cluster
    this.#refused = refused
    this.#leader = leader
    this.#term = leader.core.term
    const outsiders = ['worker', 'stranger', randomBytes(8, prng).toString('hex')]
    this.#senders = outsiders.map(id => ({ id, channel: cluster.network.channel(id) }))
  }

  knock(prng: Prng): void {
    const { id, channel } = pick(this.#senders, prng)
    const to = pick([...this.#cluster.replicas.values()], prng).core.id
    const valid = pick(frames(id, to, this.#term + prng.below(3)), prng)
    const draw = prng.next()
    const bytes = draw < 0.3 ? valid : draw < 0.9 ? mutate(valid, prng) : random(prng)
    channel.send(to, bytes)
    readAsMember(bytes)
    this.#applyCommand(prng)
  }

  async inspect(): Promise<void> {
    for (const replica of this.#cluster.replicas.values()) {
      const result = await replica.txn(put('still there'))
      assert.ok(result.ok, `${replica.core.id} does not write any more`)
      assert.deepEqual(replica.machine.roster.removed, [], 'a member was removed')
    }
    assert.deepEqual(this.#refused, [], 'a member believes that it was removed')
    assert.equal(this.#leader.core.term, this.#term, 'there was an election')
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  /** A command that is let in must be one that can be applied. */
  #applyCommand(prng: Prng): void {
    const command = readCommand(mutate(pick(commands('a'), prng), prng))
    if (typeof command === 'string') return
    const data = joinCommands([packCommand(command)])
    this.#machine.apply({ kind: 'command', term: 1, data }, () => {})
  }
}

function random(prng: Prng): Buffer {
  return randomBytes(prng.below(200), prng)
}

/** @throws unless the frame is refused with an error, or is one that can be written again. */
function readAsMember(bytes: Uint8Array): void {
  let frame: ReturnType<typeof unpackFrame>
  try {
    frame = unpackFrame(bytes, 'a', 'b')
  } catch (error) {
    assert.ok(error instanceof Error)
    return
  }
  assert.deepEqual(unpackFrame(packFrame(frame), 'a', 'b'), frame)
}
