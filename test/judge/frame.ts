import xterm from '@xterm/headless'

/** What a frame of the dashboard says, as somebody in front of it reads it. */
export interface Frame {
  /** When its last byte came, wall clock, milliseconds. */
  readonly at: number
  /** The state word of the top line; undefined: there is none. */
  readonly word: string | undefined
  /** The top line's clock, `HH:MM:SS`, UTC: when the dashboard drew it. */
  readonly clock: string | undefined
  /** The event of the failover panel. */
  readonly event?: {
    /** `HH:MM:SS.mmm`, UTC. */
    readonly clock: string
    readonly cause: string
    readonly state: 'open' | 'closed' | 'void'
    readonly gapMs?: number
    readonly resolutionMs?: number
    readonly firstMs?: number
  }
}

export const size = { columns: 200, rows: 50 } as const
/** What ends a frame: the end of a synchronized update (DEC 2026). */
const frameEnd = '\x1b[?2026l'
const daySeconds = 86_400
const words = /\b(CONNECTING|WRITABLE|ELECTING|READ-ONLY|NO QUORUM|UNKNOWN)\b/
const drawn = /(\d\d:\d\d:\d\d) *$/
const title = /3 FAILOVER #\d+ {2}(.*?) (\d\d:\d\d:\d\d\.\d{3})/
const settled = /([\d,]+) ms without a write \(±([\d,]+)\)/
const still = /the probe itself stood still/
const firstWrite = /API write ([\d,]+)/

/** Every frame of a stream of bytes, by way of a terminal: no frame is missed. */
export class FrameReader {
  readonly #terminal = new xterm.Terminal({ ...terminalSize(), allowProposedApi: true })
  readonly #decoder = new TextDecoder()
  readonly #onFrame: (frame: Frame) => void
  #rest = ''

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame
    // As a terminal that was set up by the dashboard: no wrapping in the last column.
    this.#terminal.write('\x1b[?7l')
  }

  /** `at`: when these bytes came. */
  bytes(bytes: Uint8Array, at: number): void {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(frameEnd)
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      this.#terminal.write(part + frameEnd, () => this.#onFrame(readFrame(this.#lines(), at)))
    }
  }

  #lines(): string[] {
    const { active } = this.#terminal.buffer
    return Array.from({ length: size.rows }, (_, row) => {
      return active.getLine(row)?.translateToString(true) ?? ''
    })
  }
}

function terminalSize() {
  return { cols: size.columns, rows: size.rows }
}

/** Reads the rows of a frame. Pure. */
export function readFrame(lines: readonly string[], at: number): Frame {
  const top = { at, word: words.exec(lines[0] ?? '')?.[1], clock: drawn.exec(lines[0] ?? '')?.[1] }
  const edge = lines.findIndex(line => title.test(line))
  if (edge < 0) return top
  const head = lines[edge]!
  const [, cause = '', clock = ''] = title.exec(head) ?? []
  const [, gap, resolution] = settled.exec(head) ?? []
  const first = firstWrite.exec(lines[edge + 1] ?? '')?.[1]
  return {
    ...top,
    event: {
      ...{ cause, clock },
      state: gap !== undefined ? 'closed' : still.test(head) ? 'void' : 'open',
      ...(gap !== undefined && { gapMs: number(gap), resolutionMs: number(resolution) }),
      ...(first !== undefined && { firstMs: number(first) }),
    },
  }
}

function number(text = ''): number {
  return Number(text.replace(/,/g, ''))
}

/** `HH:MM:SS.mmm`, UTC: as the dashboards show it. */
export function clockOf(at: number): string {
  return new Date(at).toISOString().slice(11, 23)
}

/** Of a day, whole. */
export function secondsOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number)
  return hours * 3_600 + minutes * 60 + Math.floor(seconds)
}

/** When a frame was drawn that was read as it came. */
export function drawnAsItCame({ at }: Frame): [number, number] {
  return [at, at]
}

/** Of what lay unread only its own clock says when it was drawn, to a second. */
export function drawnByClock({ at, clock }: Frame): [number, number] {
  if (clock === undefined) return [at, at]
  const age = (secondsOf(clockOf(at)) - secondsOf(clock) + daySeconds) % daySeconds
  const drawn = Math.floor(at / 1_000) * 1_000 - age * 1_000
  return [drawn, Math.min(at, drawn + 1_000)]
}
