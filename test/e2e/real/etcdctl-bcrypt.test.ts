import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BcryptThread } from '../../../src/etcd/auth/bcrypt.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { root } from '../../support/cluster.ts'

/** Passwords are hashed by a thread, which only `dist` can start. */
test('the thread hashes and compares, and serves again after it was stopped', async () => {
  const file = join(root, 'dist/src/etcd/auth/bcrypt.js')
  const { BcryptThread: Built } = (await import(file)) as { BcryptThread: typeof BcryptThread }
  const hasher = new Built(systemClock)
  const [one, two] = await Promise.all([hasher.hash('pässword'), hasher.hash('pässword')])
  expect(one).toMatch(/^\$2[aby]\$10\$/)
  expect(one).not.toBe(two)
  expect(await hasher.matches('pässword', one)).toBe(true)
  expect(await hasher.matches('password', one)).toBe(false)
  await hasher.stop()
  expect(await hasher.matches('pässword', two)).toBe(true)
  const stopped = expect(hasher.hash('never')).rejects.toThrow('etcdserver: server stopped')
  await hasher.stop()
  await stopped
})

test('too many at once are refused', async () => {
  const file = join(root, 'dist/src/etcd/auth/bcrypt.js')
  const { BcryptThread: Built } = (await import(file)) as { BcryptThread: typeof BcryptThread }
  const hasher = new Built(systemClock)
  const jobs = Array.from({ length: 200 }, () => hasher.hash('x').catch(String))
  await expect(Promise.race(jobs.slice(128))).resolves.toContain('too many requests')
  await hasher.stop()
  await Promise.all(jobs)
})
