import { expect, test } from 'vitest'
import { readFrame } from '../../judge/frame.ts'
import { gapAround, readWitness } from '../../judge/gap.ts'
import { type Heard, wordsWithin } from '../../judge/truth.ts'
import { judgeEvent, judgeFrames } from '../../judge/verdict.ts'

/** The judge of the dashboards is one that finds them guilty. */
const steady = Array.from({ length: 200 }, (_, n) => `ack ${n * 10 - 4} ${n * 10}`)
const after = Array.from({ length: 100 }, (_, n) => `ack ${2_100 + n * 10} ${2_120 + n * 10}`)
const witnessed = readWitness(`${[...steady, ...after].join('\n')}\nack 9`)

const head = (figure: string) => [
  ' quorate   ● WRITABLE 3/3   term 8   leader peer-3      LIVE   12:04:31 ',
  `╭─ 3 FAILOVER #1  peer-1 killed 00:00:02.000 ──── ${figure} ─╮`,
  '│   0 ms   ░ detect 212   ▒ API write 120   reconcile 422 │',
]

test('the witness measures the gap around an event', () => {
  expect(gapAround(witnessed, 2_000)).toMatchObject({
    ...{ state: 'closed', from: 1_990, to: 2_120, gapMs: 130, firstMs: 120, resolutionMs: 30 },
  })
  const late = readWitness(`${[...steady, after[0], ...after.slice(4)].join('\n')}\n`)
  expect(gapAround(late, 2_000)).toMatchObject({ gapMs: 130, resolutionMs: 60 })
  expect(gapAround(witnessed, 9_000).state).toBe('open')
  const stalled = { ...witnessed, stalls: [{ from: 2_050, to: 2_110 }] }
  expect(gapAround(stalled, 2_000).state).toBe('void')
})

test('a frame is read as people read it', () => {
  expect(readFrame(head('1,130 ms without a write (±11) | 1 x kill'), 5)).toEqual({
    ...{ at: 5, word: 'WRITABLE', clock: '12:04:31' },
    event: {
      ...{ cause: 'peer-1 killed', clock: '00:00:02.000', state: 'closed' },
      ...{ gapMs: 1_130, resolutionMs: 11, firstMs: 120 },
    },
  })
  expect(readFrame(head('900 ms without a write ...'), 5).event?.state).toBe('open')
  expect(readFrame(head('no figure: the probe itself stood still'), 5).event?.state).toBe('void')
  expect(readFrame(['nothing'], 5)).toEqual({ at: 5, word: undefined, clock: undefined })
})

test.each([
  ['as the witness felt it', '141 ms without a write (±11)', 'right'],
  ['as far off as both resolutions allow', '172 ms without a write (±11)', 'right'],
  ['further off', '173 ms without a write (±11)', ['witness 130, first 173: more than 42']],
  [
    'shorter than the first write',
    '119 ms without a write (±11)',
    ['first: first write 120, gap 119'],
  ],
  ['still open', '900 ms without a write ...', ['first still shows it open']],
  ['void', 'no figure: the probe itself stood still', 'void'],
])('a figure that is %s', (_, figure, verdict) => {
  const shown = { first: readFrame(head(figure), 5).event }
  const event = { kind: 'kill', peers: ['peer-1'], t0: 2_000, shown } as const
  expect(judgeEvent({ ...event, witness: gapAround(witnessed, 2_000) }).verdict).toEqual(verdict)
})

test('figures that differ on a busy machine are void', () => {
  const shown = { first: readFrame(head('900 ms without a write (±11)'), 5).event }
  const event = { kind: 'kill', peers: ['peer-1'], t0: 2_000, shown } as const
  const witness = gapAround(witnessed, 2_000)
  expect(judgeEvent({ ...event, witness }, 900).verdict).toBe('void')
  expect(judgeEvent({ ...event, witness }, 90).verdict).toHaveLength(1)
})

test('a dashboard that shows nothing of an event is wrong', () => {
  const event = { kind: 'kill', peers: [], t0: 2_000, shown: { first: undefined } } as const
  const { verdict } = judgeEvent({ ...event, witness: gapAround(witnessed, 2_000) })
  expect(verdict).toEqual(['first shows nothing of it'])
})

const voters = ['1', '2', '3']
const says = (at: number, id: string, leader: string | null): Heard => ({
  ...{ at, peer: `peer-${id}` },
  report: {
    ...{ id, term: 7, leader, voters, alarms: [] },
    role: leader === `peer-${id}` ? 'leader' : leader === null ? 'candidate' : 'follower',
  },
})
const silent = (at: number, id: string): Heard => ({ at, peer: `peer-${id}` })
const well = voters.map(id => says(0, id, 'peer-1'))

test.each([
  ['WRITABLE', well, [9_500]],
  ['READ-ONLY', well, []],
  ['WRITABLE', [...well, silent(1, '1')], [9_500]],
  ['ELECTING', [...well, silent(1, '1'), says(2, '2', null)], []],
  ['NO QUORUM', [...well, silent(1, '1'), silent(1, '2'), says(2, '3', null)], []],
  ['UNKNOWN', [...well, silent(1, '1'), silent(1, '2')], []],
])('%s is right', (word, heard, acks) => {
  expect([...wordsWithin({ heard, acks }, 9_900, 10_000)]).toEqual([word])
})

test('about a second after the last write both words are right', () => {
  const right = (ack: number) => [...wordsWithin({ heard: well, acks: [ack] }, 10_000, 10_000)]
  expect(right(9_200)).toEqual(['WRITABLE'])
  expect(right(8_900)).toEqual(['READ-ONLY', 'WRITABLE'])
  expect(right(8_800)).toEqual(['READ-ONLY'])
})

test('each frame is judged by its own moment', () => {
  const heard = [...well, ...voters.map(id => says(20_000, id, null))]
  const acks = Array.from({ length: 2_000 }, (_, n) => n * 10)
  const frame = (at: number, word: string) => ({ at, word, clock: undefined })
  const judged = (lateMs: number) =>
    judgeFrames(
      'first',
      [
        frame(1_000, 'CONNECTING'),
        frame(1_100, 'WRITABLE'),
        frame(20_500, 'WRITABLE'),
        frame(21_500, 'ELECTING'),
        frame(24_000, 'WRITABLE'),
      ],
      { heard, acks },
      ({ at }) => [at, at],
      () => lateMs,
    )
  expect(judged(0)).toEqual({
    void: 0,
    wrong: [{ dashboard: 'first', at: 24_000, word: 'WRITABLE', right: ['ELECTING'] }],
  })
  expect(judged(500)).toEqual({ void: 1, wrong: [] })
})
