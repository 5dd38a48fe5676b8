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

  test('is refused without a certificate, and with one of another CA', async () => {
    const other = await createPki()
    const cacert = flags.slice(0, 2)
    const foreign = (await other.client('admin')).slice(2)
    for (const args of [cacert, [...cacert, ...foreign]]) {
      const at = [...args, '--endpoints', tested.endpoint, '--command-timeout', '1s']
      const ran = await etcdctl([...at, 'get', 'a'])
      expect(ran.code).not.toBe(0)
    }
    other.remove()
  })

  test('of the CA, but not of the group, may do nothing while there are no users', async () => {
    const guarded = await startServer(pki, { clientGroup: 'system:masters' })
    const at = async (user: string, groups: string[], ...args: string[]) => {
      const flags = await pki.client(user, groups)
      return etcdctl([...flags, '--endpoints', guarded.endpoint, ...args])
    }
    const denied = 'permission denied: not of group system:masters'
    const kubelet = ['system:nodes']
    expect((await at('system:node:n1', kubelet, 'get', 'a')).err).toContain(denied)
    expect((await at('system:node:n1', kubelet, 'lease', 'list')).err).toContain(denied)
    const file = `${pki.folder}/stolen.db`
    expect((await at('system:node:n1', kubelet, 'snapshot', 'save', file)).err).toContain(denied)
    expect((await at('admin', ['system:masters'], 'put', 'a', 'b')).out).toBe('OK\n')
    await guarded.server.stop()
  })

  test('watches, leases, locks and transactions', async () => {
    const granted = /lease ([0-9a-f]+) granted/.exec(await ctl('lease', 'grant', '60'))?.[1] ?? ''
    expect(await ctl('put', 'leased', '1', '--lease', granted)).toBe('OK\n')
    expect(await ctl('lease', 'timetolive', granted, '--keys')).toContain('attached keys([leased])')
    expect(await ctl('lease', 'keep-alive', '--once', granted)).toContain('keepalived with TTL(60)')
    expect(await ctl('lock', 'mutex', 'echo', 'held')).toBe('held\n')
    const txn = await etcdctl(
      [...flags, '--endpoints', tested.endpoint, 'txn'],
      'value("leased") = "1"\n\ndel leased\n\n\n',
    )
    expect(txn.out).toBe('SUCCESS\n\n1\n')
  })
})
