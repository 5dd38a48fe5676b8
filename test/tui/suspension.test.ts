import { expect, test } from 'vitest'
import { Suspension } from '../../tui/frame/suspension.ts'
import { TakenScreen } from '../../tui/frame/terminal.ts'
import { FrameWriter } from '../../tui/frame/writer.ts'

/** A process whose signals do what the kernel's do: without a listener SIGTSTP stops it. */
class FakeJob {
  readonly pid = 42
  readonly happened: string[] = []
  readonly #listeners: Record<string, (() => void)[]> = { SIGTSTP: [], SIGCONT: [] }

  on(signal: string, listener: () => void): void {
    this.#listeners[signal]?.push(listener)
  }

  off(signal: string, listener: () => void): void {
    this.#listeners[signal] = (this.#listeners[signal] ?? []).filter(each => each !== listener)
  }

  kill(pid: number, signal: string): void {
    if (pid === 0) this.happened.push('job')
    this.send(signal)
  }

  send(signal: string): void {
    const listeners = this.#listeners[signal] ?? []
    if (listeners.length === 0) this.happened.push('stopped')
    for (const listener of [...listeners]) listener()
  }
}

function open() {
  const job = new FakeJob()
  const later: (() => void)[] = []
  const suspended = {
    before: () => job.happened.push('given back'),
    after: () => job.happened.push('taken again'),
  }
  const suspension = new Suspension(job, suspended, (_ms, action) => later.push(action))
  /** What is due by now, and what that asks for; or only so many. */
  const run = (count = Number.POSITIVE_INFINITY) => {
    for (let done = 0; done < count && later.length > 0; done++) later.shift()?.()
  }
  return { job, later, run, suspension }
}

test('the terminal is whole before the process stops, and taken when it continues', () => {
  const { job, later, run, suspension } = open()
  suspension.suspend()
  // All of the job stops at once: a stop of our own could come after the shell's `fg`.
  expect(job.happened.splice(0)).toEqual(['given back', 'job', 'stopped'])
  job.send('SIGCONT')
  expect(job.happened.splice(0)).toEqual(['taken again'])
  run()
  expect(job.happened).toEqual([])
  // Again, by somebody's kill -TSTP.
  job.send('SIGTSTP')
  run(1)
  job.send('SIGCONT')
  run()
  expect(later).toEqual([])
  expect(job.happened).toEqual(['given back', 'stopped', 'taken again'])
})

test('who has been continued before it could stop does not stop', () => {
  const { job, run } = open()
  job.send('SIGTSTP')
  job.send('SIGCONT')
  run()
  expect(job.happened.splice(0)).toEqual(['given back', 'taken again'])
  job.send('SIGTSTP')
  run(1)
  expect(job.happened).toEqual(['given back', 'stopped'])
})

test('a stop that the kernel ignores ends by itself, and one that nobody noticed is repaired', () => {
  const { job, run } = open()
  job.send('SIGTSTP')
  run()
  expect(job.happened.splice(0)).toEqual(['given back', 'stopped', 'taken again'])
  job.send('SIGCONT')
  expect(job.happened).toEqual(['taken again'])
})

test('at the end it listens no more', () => {
  const { job, suspension } = open()
  suspension.end()
  job.send('SIGTSTP')
  job.send('SIGCONT')
  expect(job.happened).not.toContain('taken again')
  expect(job.happened).not.toContain('given back')
})

test('what is taken is given back whole: screen, cursor, wrapping, and the keyboard by lines', () => {
  const sent: string[] = []
  const modes: boolean[] = []
  let isForeground = true
  const before = process.listenerCount('exit')
  const screen = new TakenScreen(
    { write: text => sent.push(text) },
    { setRawMode: raw => modes.push(raw) },
    () => isForeground,
  )
  screen.giveBack()
  expect(sent).toEqual([])
  screen.take()
  screen.giveBack()
  screen.giveBack()
  expect(sent).toEqual(['\x1b[?1049h\x1b[?25l\x1b[?7l', '\x1b[?7h\x1b[?25h\x1b[?1049l'])
  expect(modes).toEqual([false])
  screen.takeAgain()
  screen.takeAgain()
  expect(modes).toEqual([false, false, true, false, true])
  expect(process.listenerCount('exit')).toBe(before + 1)
  // In the background the mode is the shell's.
  isForeground = false
  screen.giveBack()
  expect(modes).toHaveLength(5)
  expect(process.listenerCount('exit')).toBe(before)
})

test('while the terminal is given back nothing is written, and then everything', () => {
  const sent: string[] = []
  const out = { columns: 9, rows: 1, write: (text: string) => sent.push(text) > 0 }
  const writer = new FrameWriter({ ...out, on: () => {}, off: () => {} })
  writer.write('one')
  writer.pause()
  writer.write('two')
  expect(sent.splice(0)).toHaveLength(1)
  writer.resume()
  writer.write('two')
  expect(sent[0]).toContain('\x1b[2J')
  expect(sent[0]).toContain('two')
})
