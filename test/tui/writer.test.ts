import { EventEmitter } from 'node:events'
import { Terminal } from '@xterm/headless'
import { expect, test } from 'vitest'
import { FrameWriter } from '../../tui/frame/writer.ts'
import { initialUi } from '../../tui/keys/dispatch.ts'
import { reduce } from '../../tui/model/reduce.ts'
import { colourDepth, makeTheme } from '../../tui/theme/theme.ts'
import { screenView } from '../../tui/views/screen.ts'
import { paint } from '../../tui/widgets/line.ts'
import { killEvents, steady } from './model.ts'

/** A terminal that remembers what it was sent. */
class Screen extends EventEmitter {
  readonly chunks: string[] = []
  readonly xterm: Terminal
  constructor(columns: number, rows: number) {
    super()
    this.xterm = new Terminal({ cols: columns, rows, allowProposedApi: true })
    // As takeScreen does: no automatic wrapping.
    this.xterm.write('\x1b[?7l')
  }
  get columns() {
    return this.xterm.cols
  }
  get rows() {
    return this.xterm.rows
  }
  write = (text: string) => {
    this.chunks.push(text)
    this.xterm.write(text)
    return true
  }
  resize(columns: number, rows: number) {
    this.xterm.resize(columns, rows)
    this.emit('resize')
  }
  async lines(): Promise<string[]> {
    await new Promise<void>(done => this.xterm.write('', done))
    const { active } = this.xterm.buffer
    return Array.from({ length: this.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
    )
  }
}

const plain = (text: string) => text.replace(/\x1b\[[0-9;]*m/g, '').trimEnd()
const theme = makeTheme({ ascii: false, colours: 'true' })

function frames(width: number, height: number): string[] {
  let model = steady()
  return [{ type: 'tick', now: model.now } as const, ...killEvents()].map(event => {
    model = reduce(model, event)
    return screenView({ model, ui: initialUi, theme, width, height })
      .map(line => paint(line, theme))
      .join('\n')
  })
}

test('the screen equals each frame, and is cleared only once', async () => {
  const screen = new Screen(120, 36)
  const writer = new FrameWriter(screen)
  for (const frame of frames(120, 36)) {
    writer.write(frame)
    const lines = await screen.lines()
    expect(lines).toEqual(frame.split('\n').map(plain))
    expect(lines.filter(line => line.trim() !== '').length).toBeGreaterThan(30)
  }
  expect(screen.chunks.filter(chunk => chunk.includes('\x1b[2J'))).toHaveLength(1)
  expect(screen.chunks[0]).toContain('\x1b[2J')
})

test('only changed rows are sent', () => {
  const screen = new Screen(20, 3)
  const writer = new FrameWriter(screen)
  writer.write('one\ntwo\nthree')
  writer.write('one\nTWO\nthree')
  writer.write('one\nTWO\nthree')
  expect(screen.chunks).toHaveLength(2)
  expect(screen.chunks[1]).toBe('\x1b[?2026h\x1b[2;1HTWO\x1b[0m\x1b[K\x1b[?2026l')
  expect(writer.stats.frames).toBe(3)
})

test('a full row keeps its last cell, a shorter one leaves nothing behind', async () => {
  const screen = new Screen(5, 2)
  const writer = new FrameWriter(screen)
  writer.write('abcde\nvwxyz')
  writer.write('abcdX\nv')
  expect(await screen.lines()).toEqual(['abcdX', 'v'])
})

test('rows beyond the terminal are cut, and a blank frame is never painted', async () => {
  const screen = new Screen(5, 2)
  const writer = new FrameWriter(screen)
  writer.write('a\nb\nc')
  writer.write('')
  writer.write('\n\n')
  expect(await screen.lines()).toEqual(['a', 'b'])
})

test('a change of size and invalidate paint everything again', async () => {
  const screen = new Screen(120, 36)
  const writer = new FrameWriter(screen)
  let resized = 0
  writer.on('resize', () => resized++)
  writer.write(frames(120, 36)[0]!)
  screen.resize(80, 24)
  expect(resized).toBe(1)
  expect([writer.columns, writer.rows]).toEqual([80, 24])
  const small = frames(80, 24).at(-1)!
  writer.write(small)
  expect(await screen.lines()).toEqual(small.split('\n').map(plain))
  screen.xterm.write('\x1b[3;1Hsomebody else')
  writer.invalidate()
  writer.write(small)
  expect(await screen.lines()).toEqual(small.split('\n').map(plain))
})

test('after close nothing is written', () => {
  const screen = new Screen(5, 2)
  const writer = new FrameWriter(screen)
  writer.close()
  writer.write('a')
  expect(screen.chunks).toEqual([])
})

test.each([
  { env: { NO_COLOR: '1' }, depth: 'none' },
  { env: { NO_COLOR: '1', FORCE_COLOR: '1' }, depth: '256' },
  { env: { FORCE_COLOR: '0', COLORTERM: 'truecolor' }, depth: 'none' },
  { env: { TERM: 'dumb' }, depth: 'none' },
  { env: { TERM: 'xterm-256color' }, depth: '256' },
  { env: { COLORTERM: 'truecolor' }, depth: 'true' },
])('colours for $env: $depth', ({ env, depth }) => {
  expect(colourDepth(env)).toBe(depth)
})
