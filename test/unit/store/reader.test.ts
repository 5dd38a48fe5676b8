import { describe, expect, test } from 'vitest'
import { defaultTimings } from '../../../src/store/options.ts'
import type { Host } from '../../../src/store/proposer.ts'
import { Reader, type ReadPermit } from '../../../src/store/reader.ts'

/** A reader on a clock of its own; `answer` and `ask` are the core's part. */
class Bench {
  now = 0
  leader: string | null = 'b'
  readonly reader: Reader
  readonly permits: ReadPermit[] = []

  constructor() {
    const bench = this
    const host = {
      clock: { now: () => this.now },
      core: {
        get leader() {
          return bench.leader
        },
      },
      timings: defaultTimings,
      wake() {},
    }
    this.reader = new Reader(host as unknown as Host, 1)
  }

  read(): void {
    void this.reader.permit().then(permit => this.permits.push(permit))
  }

  /** The number of the question that leaves now, if one does. */
  ask(): number | undefined {
    const input = this.reader.takeInput()
    return input?.type === 'read' ? input.id : undefined
  }

  async pass(ms: number): Promise<void> {
    this.now += ms
    this.reader.tick(this.now)
    await null
  }

  async answer(id: number, index = 7, applied = 7): Promise<void> {
    this.reader.onReadStates([{ id, index }])
    this.reader.onApplied(applied)
    await null
  }
}

describe('a linearizable read', () => {
  test('is answered by a confirmation that comes after it was asked for again', async () => {
    const bench = new Bench()
    bench.read()
    const first = bench.ask()!
    await bench.pass(400)
    const second = bench.ask()!
    expect(second).toBeGreaterThan(first)
    await bench.answer(first)
    expect(bench.permits).toEqual([{ ok: true }])
    await bench.answer(second)
    expect(bench.permits.length).toBe(1)
  })

  test('is asked for with those that came since, and answered by the newer question', async () => {
    const bench = new Bench()
    bench.read()
    const first = bench.ask()!
    bench.read()
    await bench.pass(400)
    const second = bench.ask()!
    await bench.answer(first)
    expect(bench.permits.length).toBe(1)
    await bench.answer(second)
    expect(bench.permits.length).toBe(2)
  })

  test('is not forgotten when its leader is deposed, and fails at its deadline', async () => {
    const bench = new Bench()
    bench.read()
    const first = bench.ask()!
    bench.reader.leaderChanged()
    const second = bench.ask()!
    expect(second).toBeGreaterThan(first)
    await bench.answer(first, -1)
    await bench.pass(50)
    const third = bench.ask()!
    expect(third).toBeGreaterThan(second)
    bench.leader = null
    await bench.pass(5_000)
    expect(bench.permits).toMatchObject([{ ok: false, why: 'unavailable' }])
    await bench.answer(third)
    expect(bench.permits.length).toBe(1)
  })

  test('waits for what was committed to be applied, and no longer than its deadline', async () => {
    const bench = new Bench()
    bench.read()
    await bench.answer(bench.ask()!, 9, 8)
    expect(bench.permits).toEqual([])
    bench.reader.onApplied(9)
    await null
    expect(bench.permits).toEqual([{ ok: true }])
    bench.read()
    await bench.answer(bench.ask()!, 10, 9)
    bench.reader.endAll()
    await null
    expect(bench.permits[1]).toMatchObject({ ok: false, why: 'unavailable' })
  })
})
