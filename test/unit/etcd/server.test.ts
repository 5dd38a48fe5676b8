import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPki, etcdctl, startServer, type TestPki, type TestServer } from './etcdctl.ts'

/** The server against the real etcdctl, over real sockets. */
const hasEtcdctl = !spawnSync('etcdctl', ['version']).error
let pki: TestPki
let tested: TestServer
let flags: string[]

beforeAll(async () => {
  pki = await createPki()
  flags = await pki.client('admin')
  tested = await startServer(pki)
}, 60_000)
afterAll(async () => {
  await tested?.server.stop()
  pki?.remove()
})

async function ctl(...args: string[]): Promise<string> {
  const ran = await etcdctl([...flags, '--endpoints', tested.endpoint, ...args])
  return ran.out + ran.err
}

describe.runIf(hasEtcdctl)('etcdctl', () => {
  test('puts, gets and deletes', async () => {
    expect(await ctl('put', 'a', 'one')).toBe('OK\n')
    expect(await ctl('put', '--prev-kv', 'a', 'two')).toBe('OK\na\none\n')
    expect(await ctl('get', 'a')).toBe('a\ntwo\n')
    expect(await ctl('get', '--prefix', '--keys-only', '')).toBe('a\n\n')
    expect(await ctl('del', 'a')).toBe('1\n')
    expect(await ctl('get', 'a')).toBe('')
  })

  test('sees members and health', async () => {
    expect(await ctl('endpoint', 'health')).toMatch(/is healthy/)
    expect(await ctl('member', 'list')).toMatch(/8e9e05c52164694d, started, peer-1/)
    expect(await ctl('endpoint', 'status', '-w', 'json')).toMatch(/"version":"3.5/)
  })
})
