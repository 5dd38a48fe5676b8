import { median } from '../../src/kernel/statistics.ts'
import type { Frame } from './frame.ts'
import type { WitnessGap } from './gap.ts'
import { type Evidence, wordsWithin } from './truth.ts'

export const eventKinds = ['kill', 'hang', 'partition', 'quorum'] as const
export type EventKind = (typeof eventKinds)[number]

/**
 * The figure of an event on one dashboard; undefined: it never showed one. `later`: it drew so
 * rarely, or was read so rarely, that it shows something that came after it.
 */
export type Shown = Frame['event'] | 'later'

/** One event: what the witness measured, and what each dashboard showed. */
export interface EventResult {
  readonly kind: EventKind
  readonly peers: readonly string[]
  readonly t0: number
  readonly witness: WitnessGap
  readonly shown: Readonly<Record<string, Shown>>
  /** `void`: somebody stood still and says so. Texts: what does not hold. */
  readonly verdict: 'right' | 'void' | readonly string[]
}

const dashboards = 3
/** Both are read in whole milliseconds. */
const roundingMs = 1

/**
 * Each figure within what it and the witness say of their own resolution, each pair of dashboards
 * within both of theirs, and no first write later than the gap.
 * @param lateMs how late this machine ran meanwhile: figures that differ on a busy one are void.
 */
export function judgeEvent(event: Omit<EventResult, 'verdict'>, lateMs = 0): EventResult {
  const { witness, shown } = event
  const wrong: string[] = []
  const figures: { name: string; gapMs: number; resolutionMs: number }[] = []
  let isVoid = witness.state === 'void'
  if (witness.state === 'open') wrong.push('the witness never wrote again')
  for (const [name, figure] of Object.entries(shown)) {
    if (figure === undefined) wrong.push(`${name} shows nothing of it`)
    else if (figure === 'later') isVoid = true
    else if (figure.state === 'open') wrong.push(`${name} still shows it open`)
    else if (figure.state === 'void') isVoid = true
    else {
      const { gapMs = 0, resolutionMs = 0, firstMs = 0 } = figure
      figures.push({ name, gapMs, resolutionMs })
      if (firstMs > gapMs) wrong.push(`${name}: first write ${firstMs}, gap ${gapMs}`)
    }
  }
  if (witness.state === 'closed') figures.unshift({ name: 'witness', ...witness })
  for (const [n, left] of figures.entries()) {
    for (const right of figures.slice(n + 1)) {
      const most = left.resolutionMs + right.resolutionMs + roundingMs
      if (Math.abs(left.gapMs - right.gapMs) <= most) continue
      if (lateMs > lateMsMax) isVoid = true
      else wrong.push(`${left.name} ${left.gapMs}, ${right.name} ${right.gapMs}: more than ${most}`)
    }
  }
  return { ...event, verdict: wrong.length > 0 ? wrong : isVoid ? 'void' : 'right' }
}

/** Who had to wait so long for an answer himself can't say what others should have heard. */
const lateMsMax = 250
/** A machine that is busy is so for seconds. */
const busyMs = 5_000
/** Frames come four times a second. */
const frameMsMax = 700
/** Answers count for so long on the dashboards. */
const heardMs = 1_500
/** What is said without any evidence. */
const knowsNothing: ReadonlySet<string> = new Set(['none', 'CONNECTING', 'UNKNOWN'])

/** A frame whose state word was not true at any moment that it can be of. */
export interface WrongFrame {
  readonly dashboard: string
  readonly at: number
  readonly word: string
  readonly right: readonly string[]
}

/** The state word of all frames. */
export interface FramesResult {
  readonly count: number
  /** Wrong, but when this machine was too late to say so. */
  readonly void: number
  readonly wrong: readonly WrongFrame[]
}

/**
 * A frame is of what its dashboard heard: asked 4 times a second, drawn as often, and the witnesses
 * here ask 10 times a second.
 */
const reachMs = 250 + 250 + 100

/**
 * Checks the state word of every frame.
 * @param drawnWithin when a frame was drawn, at the earliest and at the latest.
 * @param lateMs how late this machine ran about that time: nobody heard sooner.
 */
export function judgeFrames(
  dashboard: string,
  frames: readonly Frame[],
  evidence: Evidence,
  drawnWithin: (frame: Frame) => readonly [number, number],
  lateMs: (from: number, to: number) => number,
): { readonly wrong: readonly WrongFrame[]; readonly void: number } {
  const wrong: WrongFrame[] = []
  let voids = 0
  let hasBegun = false
  let blindUntil = 0
  let before = 0
  for (const frame of frames) {
    const { at, word = 'none' } = frame
    // Before its first answer a dashboard knows nothing, and says so.
    hasBegun ||= !knowsNothing.has(word)
    if (!hasBegun) continue
    const [from, to] = drawnWithin(frame)
    // Nor does it when it could not run itself: what it had heard by then is old.
    if (before !== 0 && from - before > frameMsMax) blindUntil = to + heardMs
    before = to
    const late = lateMs(from - reachMs - heardMs, to)
    const right = wordsWithin(evidence, from - reachMs - late, to + late)
    if (right.has(word)) continue
    const lately = lateMs(from - busyMs, to + busyMs)
    if (lately > lateMsMax || (word === 'UNKNOWN' && to <= blindUntil)) voids++
    else wrong.push({ dashboard, at, word, right: [...right] })
  }
  return { wrong, void: voids }
}

/**
 * One row a kind: how many figures of the dashboards could be compared with the witness's, and how
 * far apart they were; `a / b` are median and most, milliseconds.
 */
export function tableOf(results: readonly EventResult[]): string {
  const header = 'cause, events, wrong, gap, figures compared, apart, resolution'.split(', ')
  const rows = eventKinds.flatMap(kind => {
    const all = results.filter(result => result.kind === kind)
    if (all.length === 0) return []
    const seen = all.filter(({ witness }) => witness.state === 'closed')
    const wrong = all.filter(({ verdict }) => typeof verdict !== 'string').length
    const figures = seen.flatMap(({ witness, shown }) =>
      figuresOf(shown).map(({ gapMs = 0, resolutionMs = 0 }) => {
        return { apart: Math.abs(gapMs - witness.gapMs), resolutionMs }
      }),
    )
    const of = (values: readonly number[]) => `${median(values)} / ${Math.max(0, ...values)}`
    const compared = `${figures.length} of ${all.length * dashboards}`
    const gaps = of(seen.map(({ witness }) => witness.gapMs))
    const apart = of(figures.map(figure => figure.apart))
    const fine = of(figures.map(({ resolutionMs }) => resolutionMs))
    return [[kind, String(all.length), String(wrong), gaps, compared, apart, fine]]
  })
  const lines = [header, header.map(() => '---'), ...rows]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function figuresOf(shown: EventResult['shown']): NonNullable<Frame['event']>[] {
  return Object.values(shown).flatMap(figure =>
    typeof figure === 'object' && figure.state === 'closed' ? figure : [],
  )
}
