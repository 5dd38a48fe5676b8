import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderToString } from 'ink'
import stringWidth from 'string-width'
import { beforeAll, describe, expect, test } from 'vitest'
import { initialUi, press } from '../../tui/keys/dispatch.ts'
import { keyTable } from '../../tui/keys/table.ts'
import type { Model } from '../../tui/model/types.ts'
import { Frame } from '../../tui/screen/app.tsx'
import { makeTheme } from '../../tui/theme/theme.ts'
import { screenView } from '../../tui/views/screen.ts'
import { type PanelNumber, panelNumbers, type Ui } from '../../tui/views/types.ts'
import { lineWidth, paint } from '../../tui/widgets/line.ts'
import { afterKill, play, start, steady } from './model.ts'

const fixtures = new URL('./fixtures', import.meta.url).pathname
const rewrite = process.env.GOLDEN_REWRITE === '1'

beforeAll(() => {
  process.env.TZ = 'UTC'
})

function frame(model: Model, width: number, height: number, options: { ascii?: boolean } = {}) {
  const theme = makeTheme({ ascii: options.ascii ?? false, colours: 'none' })
  return renderToString(
    <Frame model={model} ui={initialUi} theme={theme} width={width} height={height} />,
    { columns: width },
  )
}

/** Compares with the file; GOLDEN_REWRITE=1 writes it, and the diff is to be read. */
function golden(name: string, text: string): void {
  const file = join(fixtures, name)
  if (rewrite || !existsSync(file)) writeFileSync(file, `${text}\n`)
  expect(`${text}\n`).toBe(readFileSync(file, 'utf8'))
}

const cases = [
  { size: '200x50', width: 200, height: 50 },
  { size: '120x36', width: 120, height: 36 },
  { size: '80x24', width: 80, height: 24 },
  { size: '59x14', width: 59, height: 14 },
] as const

test.each(cases)('after a failover at $size', ({ size, width, height }) => {
  golden(`failover-${size}.txt`, frame(afterKill(), width, height))
})

test.each(cases)('in ASCII at $size', ({ size, width, height }) => {
  const text = frame(afterKill(), width, height, { ascii: true })
  expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  golden(`ascii-${size}.txt`, text)
})

const ui = (over: Partial<Ui>): Ui => ({ ...initialUi, ...over })
const states: readonly (readonly [string, Model, Ui])[] = [
  ['nothing known', start(), ui({})],
  ['steady', steady(), ui({})],
  ['after a kill', afterKill(), ui({})],
  ['help', steady(), ui({ help: true })],
  ...panelNumbers.map(
    (focus: PanelNumber) =>
      [`panel ${focus} zoomed`, afterKill(), ui({ focus, zoomed: true })] as const,
  ),
  [
    'wide characters and escapes in an event',
    play(steady(), [
      {
        type: 'log',
        line: {
          at: steady().now,
          source: '集群',
          kind: 'KUBE',
          message:
            '\x1b[2Jpod/工作负载 👩‍👩‍👧 \u2716\ufe0f \u202e 失败: 镜像拉取失败, 正在重试, 请稍候片刻再看一看',
          level: 'warn',
        },
      },
    ]),
    ui({}),
  ],
]

describe.each(states)('%s', (_name, model, state) => {
  test('every line of every size has exactly its width, and something is on the screen', () => {
    for (const ascii of [false, true]) {
      const theme = makeTheme({ ascii, colours: 'none' })
      for (const width of [20, 59, 60, 80, 119, 120, 160, 165, 166, 233]) {
        for (const height of [1, 14, 15, 24, 36, 50]) {
          const lines = screenView({ model, ui: state, theme, width, height })
          expect(lines.length).toBe(height)
          for (const line of lines) {
            expect(lineWidth(line)).toBe(width)
            const text = paint(line, theme)
            expect(stringWidth(text)).toBe(width)
            expect(text).not.toContain('\x1b')
          }
          expect(lines.some(line => paint(line, theme).trim() !== '')).toBe(true)
        }
      }
    }
  })
})

test('at every width each panel is there once, and every line has its width', () => {
  const theme = makeTheme({ ascii: false, colours: 'none' })
  const titles = ['1 RAFT', '2 REPL', '3 FAIL', '4 NODES', '5 CONTROL', '6 EVENTS']
  for (let width = 80; width <= 240; width++) {
    const model = afterKill()
    const lines = screenView({ model, ui: initialUi, theme, width, height: 50 })
    const edges = lines.map(line => line.map(({ text }) => text).join(''))
    const times = (title: string) =>
      edges.reduce((sum, line) => sum + line.split(`─ ${title}`).length - 1, 0)
    const seen = titles.map(times)
    // One column has the table of peers in place of the ring and of replication.
    expect(seen, `${width}`).toEqual(width < 120 ? [1, 0, 1, 1, 1, 1] : [1, 1, 1, 1, 1, 1])
    for (const line of lines) expect(lineWidth(line)).toBe(width)
  }
})

test('help names every key, whole, at 80x24, and at 120x36 all that is to be said', () => {
  const theme = makeTheme({ ascii: false, colours: 'none' })
  const help = (width: number, height: number) =>
    screenView({ model: steady(), ui: ui({ help: true }), theme, width, height })
      .map(line => line.map(({ text }) => text).join(''))
      .join('\n')
  for (const row of keyTable.filter(each => each.help !== '')) {
    expect(help(80, 24)).toContain(` ${row.shown} `)
    expect(help(80, 24)).toContain(row.help)
  }
  expect(help(120, 36)).toContain('asked ten times a second')
})

test('300 pods: each is counted on the screen, trouble first in the list, which scrolls', () => {
  const names = steady().peers.map(({ name }) => name)
  const list = Array.from({ length: 300 }, (_, index) => ({
    ...{ namespace: 'dev', name: `web-${index}`, node: names[index % 3] ?? '' },
    health: index === 299 ? ('failing' as const) : ('running' as const),
    ...{ cpuMilli: 1, memoryBytes: 1 },
  }))
  const model = play(steady(), [{ type: 'pods', list }])
  for (const width of [80, 120, 200]) {
    const text = frame(model, width, 36)
    expect(text).toContain('300 pods 299 running')
    expect(text).toMatch(/■100 /)
    expect(text).toMatch(/■99 ▲1 /)
  }
  const theme = makeTheme({ ascii: false, colours: 'none' })
  const zoomed = (scroll: number) =>
    screenView({
      ...{ model, theme, width: 120, height: 36 },
      ui: { ...initialUi, focus: 4, zoomed: true, scroll },
    })
      .map(line => line.map(({ text }) => text).join(''))
      .join('\n')
  expect(zoomed(0)).toMatch(/1-31 of 307[\s\S]*dev\/web-299 +failing/)
  let ui: Ui = { ...initialUi, focus: 4, zoomed: true }
  for (const key of ['j', 'j', 'pagedown']) ui = press(model, ui, key).ui
  expect(ui.scroll).toBe(12)
  expect(zoomed(ui.scroll)).toContain('13-43 of 307')
  expect(press(model, ui, 'k').ui.scroll).toBe(11)
  ui = press(model, ui, 'G').ui
  expect(zoomed(ui.scroll)).toContain('277-307 of 307')
  expect(zoomed(ui.scroll)).toContain('dev/web-298')
})

test('more nodes than rows: those in trouble are seen, the others are counted', () => {
  const node = steady().nodes[0]!
  const list = Array.from({ length: 50 }, (_, index) => ({
    ...node,
    ...{ name: `node-${index}`, ready: index !== 49 },
  }))
  const text = frame(play(steady(), [{ type: 'nodes', list }]), 120, 36)
  expect(text).toMatch(/node-49 .*NotReady/)
  expect(text).toMatch(/\+ \d+ nodes, \d+ ready/)
  expect(text).toContain('50 nodes 49 ready')
})

test('never dropped: header, table of peers, failover', () => {
  for (const [width, height] of [
    [60, 15],
    [80, 15],
    [120, 20],
    [120, 24],
    [160, 24],
  ] as const) {
    const text = frame(afterKill(), width, height)
    for (const wanted of ['WRITABLE 4/5', 'peer-5', 'LAG', 'FAILOVER', '0 lost']) {
      expect(text, `${width}x${height}`).toContain(wanted)
    }
  }
})

test('colour is never the only sign: a frame with colours differs only by them', () => {
  const theme = makeTheme({ ascii: false, colours: 'true' })
  const input = { model: afterKill(), ui: initialUi, theme, width: 120, height: 36 }
  const text = screenView(input)
    .map(line =>
      paint(line, theme)
        .replace(/\x1b\[[0-9;]*m/g, '')
        .trimEnd(),
    )
    .join('\n')
  expect(text).toBe(
    frame(afterKill(), 120, 36)
      .split('\n')
      .map(line => line.trimEnd())
      .join('\n'),
  )
})
