import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderToString } from 'ink'
import stringWidth from 'string-width'
import { beforeAll, describe, expect, test } from 'vitest'
import { initialUi } from '../../tui/keys/dispatch.ts'
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
            '\x1b[2Jpod/工作负载 👩‍👩‍👧 \u202e 失败: 镜像拉取失败, 正在重试, 请稍候片刻再看一看',
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
      for (const width of [20, 59, 60, 80, 119, 120, 160, 233]) {
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
