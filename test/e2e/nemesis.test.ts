import { expect, test } from 'vitest'
import { run } from '../support/cluster.ts'

/**
 * The short run of `npm run nemesis`: three real peers, clients over etcd's API, one fault after
 * the other, and a check of all they were told. Its report is printed, with the seed.
 */
test('nothing that clients were told is contradicted under faults', async () => {
  const program = new URL('../../dist/test/nemesis/main.js', import.meta.url).pathname
  const ran = await run(process.execPath, [program, '--short'], { timeout: 230_000 })
  process.stdout.write(ran.out)
  expect(ran.err).toBe('')
  expect(ran.out).toContain('nothing was lost')
  const figures = JSON.parse(/^\{.*\}$/m.exec(ran.out)![0]) as Record<string, number>
  // It was no empty run.
  expect(figures.faults).toBeGreaterThanOrEqual(2)
  expect(figures.acknowledged).toBeGreaterThan(300)
  expect(figures.events).toBeGreaterThan(300)
  expect(ran.code).toBe(0)
}, 240_000)
