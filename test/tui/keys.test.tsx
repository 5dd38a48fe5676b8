import type { Key } from 'ink'
import { render } from 'ink-testing-library'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/kernel/clock.ts'
import { initialUi, press } from '../../tui/keys/dispatch.ts'
import { keyNames } from '../../tui/keys/parse.ts'
import { keyTable } from '../../tui/keys/table.ts'
import { App } from '../../tui/screen/app.tsx'
import { Controls } from '../../tui/screen/effects.ts'
import { Store } from '../../tui/screen/store.ts'
import { FakeSource } from '../../tui/source/fake.ts'
import { makeTheme } from '../../tui/theme/theme.ts'
import { until } from '../support/until.ts'
import { steady } from './model.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

function open(width = 120, height = 36, ui = initialUi) {
  const store = new Store(systemClock, steady(), ui, 30)
  const source = new FakeSource([])
  void source.start(store.tell)
  const calls: string[] = []
  const controls = new Controls(store, source, systemClock, {
    repaint: () => calls.push('repaint'),
    suspend: () => calls.push('suspend'),
    quit: cluster => calls.push(`quit ${cluster}`),
  })
  const size = { columns: () => width, rows: () => height, subscribe: () => () => {} }
  const theme = makeTheme({ ascii: false, colours: 'none' })
  const ink = render(<App store={store} size={size} theme={theme} onKey={controls.press} />)
  opened.push(() => {
    ink.unmount()
    store.stop()
  })
  const frame = () => ink.lastFrame() ?? ''
  const shows = (text: string) => until(`"${text}" on the screen`, () => frame().includes(text))
  // Ink listens to keys after its first effects have run.
  const type = async (keys: string, shown: string) => {
    await until('the first frame', () => frame().includes('ha-demo'))
    ink.stdin.write(keys)
    await shows(shown)
  }
  return { store, source, calls, frame, shows, type, stdin: ink.stdin }
}

test('X asks, y kills the leader, and the stopwatch runs', async () => {
  const { source, type, shows } = open()
  await type('X', 'kill -9 peer-1 (L)?')
  await shows('expect: a new leader within 1 s, 0 lost')
  expect(source.asked).toEqual([])
  await type('y', 'kill peer-1: done')
  expect(source.asked).toEqual([{ type: 'kill', peer: 'peer-1' }])
  await shows('FAILOVER #1  peer-1 killed')
})

test('any other key than y says no', async () => {
  const { source, store, stdin, type } = open()
  await type('X', 'kill -9')
  stdin.write('n')
  await until('no question', () => !store.ui.confirm)
  stdin.write('y')
  await type('?', 'KEYS')
  expect(source.asked).toEqual([])
})

test('fast keys arrive as one piece, and each counts', async () => {
  const { source, type } = open()
  await type('jjX', 'kill -9 peer-3 (F)?')
  await type('y', 'kill peer-3: done')
  expect(source.asked).toEqual([{ type: 'kill', peer: 'peer-3' }])
})

test.each([
  { key: 'P', asked: { type: 'partition', from: ['peer-1'] } },
  { key: 'Z', asked: { type: 'pause', peer: 'peer-1' } },
  { key: 'R', asked: { type: 'restart', peer: 'peer-1' } },
  { key: 'L', asked: { type: 'slow', peers: ['peer-1'], delayMs: 200 } },
  { key: 'H', asked: { type: 'heal' } },
  { key: 'T', asked: { type: 'transfer', to: undefined } },
])('$key asks for its fault', async ({ key, asked }) => {
  const { source, type } = open()
  await type(`${key}y`, 'done')
  expect(source.asked).toEqual([asked])
})

test('a fault that fails is told, and does not enter the timeline', async () => {
  const { source, store, frame, type } = open()
  source.outcome = Promise.reject(new Error('peer-1 is down already'))
  await type('Xy', 'kill peer-1: peer-1 is down already')
  expect(store.model.faults).toEqual([])
  expect(store.model.failover).toBeUndefined()
  expect(frame()).not.toContain('FAULT')
})

test('a transfer is done when the leadership has moved, and not before', async () => {
  const { source, store, frame, shows, type } = open()
  let moved = () => {}
  source.outcome = new Promise(done => {
    moved = done
  })
  await type('Ty', 'LIVE')
  await until('it was asked', () => source.asked.length === 1)
  store.tell({ type: 'tick', now: steady().now + 5_000 })
  expect(frame()).not.toContain('done')
  moved()
  await shows('transfer to any: done')
})

test('T with a follower selected hands over to it', async () => {
  const { source, type } = open()
  await type('jTy', 'done')
  expect(source.asked).toEqual([{ type: 'transfer', to: 'peer-2' }])
})

test('zoom, back, help and panels', async () => {
  const { type, frame, shows, stdin } = open()
  await type('3\r', 'FAILOVER')
  await until('only panel 3', () => !frame().includes('1 RAFT'))
  stdin.write('\x1b')
  await shows('1 RAFT')
  await type('?', 'kill -9 the selected peer')
  await type('?', '6 EVENTS')
})

test('a held picture stands still while data goes on arriving', async () => {
  const { store, type, frame, stdin } = open(160)
  await type('.', 'PAUSED')
  store.tell({ type: 'api', at: steady().now + 60_000, ok: false, watchedAt: steady().now })
  store.tell({ type: 'tick', now: steady().now + 60_000 })
  await until('the model has it', () => !store.model.api.ok)
  expect(frame()).toContain('api :6443 ok')
  stdin.write('.')
  await until('the picture moves', () => frame().includes('api :6443 silent'))
})

test('q and ctrl-c quit, ctrl-l paints again, ctrl-z suspends', async () => {
  const { stdin, calls, frame } = open()
  await until('the first frame', () => frame().includes('ha-demo'))
  for (const key of ['\f', '\x1a', 'q', '\x03']) stdin.write(key)
  await until('four calls', () => calls.length === 4)
  expect(calls).toEqual(['repaint', 'suspend', 'quit leave', 'quit leave'])
})

test('q of a dashboard that owns its cluster asks what shall become of it', async () => {
  const { stdin, calls, store, type, shows } = open(120, 36, { ...initialUi, ownsCluster: true })
  await type('q', 'quit: what shall become of the cluster?')
  await shows('l: leave it running, s: stop it, other key: no')
  stdin.write('n')
  await until('no question', () => !store.ui.confirm)
  expect(calls).toEqual([])
  await type('ql', 'LIVE')
  stdin.write('qs')
  await until('two answers', () => calls.length === 2)
  stdin.write('\x03')
  await shows('quit: what')
  stdin.write('\x03')
  await until('three answers', () => calls.length === 3)
  expect(calls).toEqual(['quit leave', 'quit stop', 'quit stop'])
})

test('a fault that makes no sense is refused with what to do', () => {
  const peers = steady().peers.map(peer =>
    peer.name === 'peer-2' ? { ...peer, process: 'down' as const } : peer,
  )
  const model = { ...steady(), peers }
  const ui = { ...initialUi, selected: 'peer-2' }
  for (const key of ['X', 'Z']) {
    const pressed = press(model, ui, key)
    expect(pressed.ui.confirm).toBeUndefined()
    expect(pressed.ui.notice?.text).toContain('peer-2 is down')
  }
})

test('killing the last spare voter is announced as the loss of the quorum', () => {
  const peers = steady().peers.map((peer, index) =>
    index >= 3 ? { ...peer, process: 'down' as const } : peer,
  )
  const { ui } = press({ ...steady(), peers }, initialUi, 'X')
  expect(ui.confirm?.expect).toContain('no quorum')
})

test('the table has each key once, and no lower-case key asks for a fault', () => {
  const keys = keyTable.flatMap(row => row.keys)
  expect(new Set(keys).size).toBe(keys.length)
  for (const key of keys.filter(each => /^[a-z]$/.test(each))) {
    const { ui, effect } = press(steady(), initialUi, key)
    expect(ui.confirm).toBeUndefined()
    expect(effect?.type ?? 'quit').toBe('quit')
  }
})

test('escape and a fast key after it are two keys', () => {
  expect(keyNames('3', { meta: true } as Key)).toEqual(['escape', '3'])
  expect(keyNames('l', { ctrl: true } as Key)).toEqual(['ctrl-l'])
})
