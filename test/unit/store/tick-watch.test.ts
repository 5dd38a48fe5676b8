import { expect, test } from 'vitest'
import { TickWatch } from '../../../src/store/tick-watch.ts'

test('a tick that comes late is late by what is above the interval', () => {
  const watch = new TickWatch(10)
  expect(watch.lateMs()).toEqual({ p99: 0, max: 0 })
  let now = 0
  for (let tick = 0; tick < 200; tick++) {
    now += tick === 50 ? 45 : 10
    watch.tick(now)
  }
  expect(watch.lateMs()).toEqual({ p99: 0, max: 35 })
})

test('what is long ago is forgotten, and an early tick is none that is late', () => {
  const watch = new TickWatch(10)
  watch.tick(0)
  watch.tick(500)
  for (let tick = 1; tick <= 1_000; tick++) watch.tick(500 + tick * 9)
  expect(watch.lateMs()).toEqual({ p99: 0, max: 0 })
})
