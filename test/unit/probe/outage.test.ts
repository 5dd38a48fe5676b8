import { describe, expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { type Acknowledgement, measureOutage } from '../../../src/probe/outage.ts'
import { Outages } from '../../../src/probe/outages.ts'

/** Writes that took `tookMs`, acknowledged at these times. */
const at = (times: readonly number[], tookMs = 4): Acknowledgement[] =>
  times.map(time => ({ sentAt: time - tookMs, at: time }))
const steady = (from: number, to: number, stepMs = 10) =>
  at(Array.from({ length: (to - from) / stepMs }, (_, n) => from + n * stepMs))

describe('an outage', () => {
  test('lasts from the last acknowledgement to the next, wherever in between the event was', () => {
    const acks = [...steady(0, 1_000), ...steady(1_120, 2_000)]
    for (const t0 of [991, 1_000, 1_050]) {
      const outage = measureOutage(acks, t0, 2_000)
      expect(outage).toMatchObject({ state: 'closed', lastAt: 990, nextAt: 1_120, gapMs: 130 })
      // Four of the eight are through 30 ms later.
      expect(outage.resolutionMs).toBe(30)
    }
    expect(measureOutage(acks, 1_000, 2_000).firstMs).toBe(120)
  })

  test('counts what was still on its way when the event came, not from there on', () => {
    // Acknowledged a moment after the kill: the gap begins there.
    const acks = [...steady(0, 1_000), ...at([1_001, 1_003]), ...steady(1_120, 2_000)]
    const outage = measureOutage(acks, 1_000, 2_000)
    expect(outage).toMatchObject({ lastAt: 1_003, nextAt: 1_120, gapMs: 120 })
  })

  test('is never shorter than what a write after the event waited for', () => {
    // A write of before the event is carried out early; those after it only later.
    const held = { sentAt: 995, at: 1_090 }
    const acks = [...steady(0, 1_000), held, ...steady(1_110, 2_000)]
    const outage = measureOutage(acks, 1_000, 2_000)
    expect(outage.firstMs).toBe(110)
    expect(outage.gapMs).toBe(110)
  })

  test('is open, and grows, until a write that was sent after it is acknowledged', () => {
    const acks = steady(0, 1_000)
    for (const now of [1_500, 60_000, 142_000]) {
      const outage = measureOutage(acks, 1_000, now)
      expect(outage).toMatchObject({ state: 'open', gapMs: now - 990 })
      expect(outage.firstMs).toBeUndefined()
    }
  })

  test('has no figure when the probe itself stood still', () => {
    const acks = [...steady(0, 1_000), ...steady(11_045, 12_000)]
    const outage = measureOutage(acks, 1_000, 12_000, [{ at: 11_040, ms: 10_000 }])
    expect(outage.state).toBe('void')
    // One of before, or of a moment, does not matter.
    const harmless = [
      { at: 900, ms: 500 },
      { at: 1_050, ms: 20 },
    ]
    expect(measureOutage(acks, 1_000, 12_000, harmless).state).toBe('closed')
  })

  test('goes on while the probe stands still, and ends with a figure if its ends were seen', () => {
    const moment = { at: 6_000, ms: 80 }
    const acks = steady(0, 1_000)
    expect(measureOutage(acks, 1_000, 9_000, [moment])).toMatchObject({ state: 'open' })
    const ended = [...acks, ...steady(15_000, 16_000)]
    expect(measureOutage(ended, 1_000, 16_000, [moment])).toMatchObject({
      ...{ state: 'closed', gapMs: 14_010, resolutionMs: 30 },
    })
    for (const at of [1_050, 14_990]) {
      expect(measureOutage(ended, 1_000, 16_000, [{ at, ms: 80 }]).state).toBe('void')
    }
  })

  test('has no figure when no write had come before it', () => {
    // The probe began in the middle of it, or has forgotten what was then.
    const outage = measureOutage(steady(60_000, 61_000), 1_000, 61_000)
    expect(outage).toMatchObject({ state: 'void', firstMs: 59_000 })
  })

  test('is seen no more finely than the probe itself ran', () => {
    const acks = [...steady(0, 1_000), ...steady(1_120, 2_000)]
    const late = [{ at: 1_118, ms: 42 }]
    expect(measureOutage(acks, 1_000, 2_000, late)).toMatchObject({
      ...{ state: 'closed', gapMs: 130, resolutionMs: 42 },
    })
  })

  test('is seen no more finely than its writers came back', () => {
    // One that waited gets its answer at once, others are served elsewhere, or try again later.
    const acks = [...steady(0, 1_000), ...at([1_120, 1_147, 1_148, 1_190]), ...steady(1_200, 2_000)]
    const outage = measureOutage(acks, 1_000, 2_000)
    expect(outage).toMatchObject({ state: 'closed', gapMs: 130, resolutionMs: 70 })
    // As far as it is known yet.
    expect(measureOutage(acks.slice(0, 101), 1_000, 1_121).resolutionMs).toBe(10)
    expect(measureOutage(acks.slice(0, 103), 1_000, 1_150).resolutionMs).toBe(28)
  })

  test('of random histories: the first write never waits longer than the gap', () => {
    const prng = createPrng(11)
    for (let round = 0; round < 500; round++) {
      let time = 0
      const acks = Array.from({ length: 300 }, () => {
        time += prng.below(10) === 0 ? prng.below(300) : prng.below(15)
        return { sentAt: time - prng.below(400), at: time }
      })
      const t0 = prng.below(time)
      const outage = measureOutage(acks, t0, time)
      expect(outage.firstMs ?? 0).toBeLessThanOrEqual(outage.gapMs)
    }
  })
})

describe('outages', () => {
  test('keep their figures, and find what nobody announced', () => {
    const outages = new Outages()
    for (const ack of steady(0, 1_000)) outages.acknowledged(ack)
    outages.event('kill-1', 1_000)
    outages.event('kill-1', 1_000)
    expect(outages.at(1_050)).toMatchObject([{ id: 'kill-1', state: 'open', gapMs: 60 }])
    for (const ack of steady(1_100, 2_000)) outages.acknowledged(ack)
    for (const ack of steady(4_000, 5_000)) outages.acknowledged(ack)
    expect(outages.at(5_000)).toMatchObject([
      { id: 'kill-1', state: 'closed', gapMs: 110, firstMs: 100 },
      { id: 'gap-1990', state: 'closed', gapMs: 2_010 },
    ])
  })

  test('a gap that goes on is one as soon as it is long enough', () => {
    const outages = new Outages()
    for (const ack of steady(0, 1_000)) outages.acknowledged(ack)
    expect(outages.at(1_400)).toEqual([])
    expect(outages.at(1_600)).toMatchObject([{ id: 'gap-990', state: 'open', gapMs: 610 }])
    expect(outages.at(9_990)).toMatchObject([{ id: 'gap-990', state: 'open', gapMs: 9_000 }])
  })

  test('an event that is told late takes the place of the gap it made', () => {
    // The terminal was not read, and nothing was told for a while.
    const outages = new Outages()
    for (const ack of steady(0, 1_000)) outages.acknowledged(ack)
    for (const ack of steady(1_700, 2_000)) outages.acknowledged(ack)
    for (const ack of steady(2_600, 3_000)) outages.acknowledged(ack)
    expect(outages.at(3_000).map(({ id }) => id)).toEqual(['gap-990', 'gap-1990'])
    outages.event('kill-1', 1_000)
    expect(outages.at(3_000)).toMatchObject([
      { id: 'kill-1', state: 'closed', gapMs: 710 },
      { id: 'gap-1990', state: 'closed', gapMs: 610 },
    ])
  })

  test('an event that is told when its acknowledgements are forgotten has no figure', () => {
    const outages = new Outages()
    for (const ack of [...steady(0, 1_000), ...steady(1_120, 2_000_000)]) outages.acknowledged(ack)
    outages.event('kill-1', 1_000)
    outages.event('kill-2', 1_999_000)
    expect(outages.at(2_000_000)).toMatchObject([
      { id: 'kill-1', state: 'void' },
      { id: 'kill-2', state: 'closed', gapMs: 10 },
    ])
  })

  test('a gap belongs to the event that lies in it', () => {
    const outages = new Outages()
    for (const ack of steady(0, 1_000)) outages.acknowledged(ack)
    outages.event('quorum', 1_200)
    expect(outages.at(9_000)).toMatchObject([{ id: 'quorum', state: 'open', gapMs: 8_010 }])
  })
})
