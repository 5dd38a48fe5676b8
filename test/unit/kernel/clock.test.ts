import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sleep, systemClock, timerMsMax } from '../../../src/kernel/clock.ts'

const root = new URL('../../..', import.meta.url).pathname

describe('times that are longer than a timer takes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const monthMs = 31 * 24 * 3_600_000

  test.each([monthMs, timerMsMax + 1, timerMsMax, 5])('after %i ms, once, and not before', ms => {
    let fired = 0
    systemClock.after(ms, () => fired++)
    vi.advanceTimersByTime(ms - 1)
    expect(fired).toBe(0)
    vi.advanceTimersByTime(1)
    expect(fired).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([Number.POSITIVE_INFINITY, 9e15])('after %d ms is not today', ms => {
    let fired = 0
    const cancel = systemClock.after(ms, () => fired++)
    vi.advanceTimersByTime(10 * monthMs)
    expect(fired).toBe(0)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('cancelled in its second part', () => {
    const cancel = systemClock.after(monthMs, () => expect.unreachable())
    vi.advanceTimersByTime(timerMsMax + 10)
    cancel()
    vi.advanceTimersByTime(monthMs)
  })

  test('each month', () => {
    let fired = 0
    const cancel = systemClock.every(monthMs, () => fired++)
    vi.advanceTimersByTime(3 * monthMs)
    expect(fired).toBe(3)
    cancel()
    vi.advanceTimersByTime(3 * monthMs)
    expect(fired).toBe(3)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a month of sleep, and one that is broken off', async () => {
    let awake = false
    void sleep(monthMs).then(() => {
      awake = true
    })
    await vi.advanceTimersByTimeAsync(monthMs - 1)
    expect(awake).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(awake).toBe(true)
    const controller = new AbortController()
    const broken = sleep(monthMs, controller.signal)
    controller.abort(new Error('enough'))
    await expect(broken).rejects.toThrow('enough')
    expect(vi.getTimerCount()).toBe(0)
  })
})

/** Node's own timers are for times that stand in the same file; all others go to the clock. */
test('a time from elsewhere is waited for by the clock', () => {
  const found: string[] = []
  for (const file of [...sources(join(root, 'src')), ...sources(join(root, 'tui'))]) {
    if (file.endsWith('kernel/clock.ts')) continue
    const text = readFileSync(file, 'utf8')
    for (const match of text.matchAll(/(?<![.\w])set(?:Timeout|Interval)\(/g)) {
      const time = lastArgument(text, match.index + match[0].length)
      const isNumber = /^[\d_]+$/.test(time)
      const isConstant = new RegExp(`^(export )?const ${time} = [\\d_]`, 'm').test(text)
      if (!isNumber && !isConstant) found.push(`${relative(root, file)}: ${time}`)
    }
  }
  expect(found).toEqual([])
})

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}

/** The text between the last comma at the call's own level and its end. */
function lastArgument(text: string, from: number): string {
  let depth = 0
  let comma = from
  for (let at = from; at < text.length; at++) {
    const letter = text[at]!
    if ('([{'.includes(letter)) depth++
    else if (letter === ',' && depth === 0) comma = at + 1
    else if (')]}'.includes(letter)) {
      if (depth === 0) return text.slice(comma, at).trim()
      depth--
    }
  }
  return ''
}
