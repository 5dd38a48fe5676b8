import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/kernel/clock.ts'
import { Probe } from '../../src/probe/probe.ts'
import {
  mainFile,
  quorate,
  type Ran,
  root,
  startCluster,
  type TestCluster,
} from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** A cluster grows from one master to five and shrinks again while clients write. */
let cluster: TestCluster
let probe: Probe
const folders: string[] = []
beforeAll(async () => {
  cluster = await startCluster({ peers: 1 })
  probe = new Probe({
    clients: [cluster.client(), cluster.client()],
    namespace: 'load',
    clock: systemClock,
    id: 'membership',
    periodMs: 30,
  })
  await probe.start()
}, 120_000)
afterAll(async () => {
  await probe?.stop()
  await cluster?.down()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}, 60_000)

const member = (...args: string[]): Promise<Ran> =>
  quorate(['member', ...args, '--data', cluster.data])

interface Member {
  readonly id: string
  readonly name: string
  readonly role: string
}

async function members(): Promise<string[]> {
  const ran = await member('list', '--json')
  const { members } = JSON.parse(ran.out) as { members: Member[] }
  return members.map(({ name, role }) => `${name} ${role}`).sort()
}

function log(name: string): string {
  return readFileSync(join(cluster.data, 'logs', `${name}.log`), 'utf8')
}

test('one master becomes three, then five, each a learner until it has caught up', async () => {
  for (const name of ['peer-2', 'peer-3', 'peer-4', 'peer-5']) {
    const ran = await member('add', name)
    expect(ran.err).toBe('')
    expect(ran.out).toContain(`${name}: voter`)
  }
  expect(await members()).toEqual([1, 2, 3, 4, 5].map(n => `peer-${n} voter`))
  const ready = await cluster.must('get', 'nodes', '--no-headers')
  expect(ready.match(/ Ready /g)).toHaveLength(5)
  const endpoints = await cluster.must(
    ...['get', 'endpoints', 'kubernetes', '-o=jsonpath={.subsets[*].ports[*].port}'],
  )
  expect(endpoints.split(' ')).toHaveLength(5)
}, 120_000)

test('what can not be is refused, with the reason', async () => {
  expect((await member('add', 'peer-2')).err).toContain('peer-2 has joined already')
  expect((await member('remove', 'nobody')).err).toContain('no member "nobody"; there are')
  expect((await member('promote', 'peer-2')).err).toContain(
    'etcdserver: can only promote a learner member',
  )
  const data = mkdtempSync(join(tmpdir(), 'quorate-join-'))
  folders.push(data)
  const joining = (token: string) =>
    quorate([
      ...['peer', '--name', 'far', '--data', data, '--token', token],
      ...['--join', cluster.server],
    ])
  expect((await joining('nonsense')).out).toContain('the token is not one of')
  const foreign = `abcdef.0123456789abcdef.${'0'.repeat(64)}`
  expect((await joining(foreign)).out).toContain('its CA is not the one of the token')
  const made = await quorate(['token', 'create', '--quiet', '--data', cluster.data])
  const [id, , hash] = made.out.trim().split('.')
  expect((await joining(`${id}.${'x'.repeat(16)}.${hash}`)).out).toContain('Unauthorized')
  expect((await joining(made.out.trim())).out).toContain('this token is for workers')
}, 60_000)

test('a peer with a folder of its own joins with a token, and starts again without', async () => {
  const data = mkdtempSync(join(tmpdir(), 'quorate-join-'))
  folders.push(data)
  const made = await quorate(['token', 'create', '--quiet', '--data', cluster.data])
  const env = { ...process.env, QUORATE_TOKEN: made.out.trim() }
  const joining = ['--roles', 'worker', '--join', cluster.server]
  await withFar([...joining, '--data', data], env, async () => {
    expect(await members()).toContain('far worker')
    await until('far in the status', async () => {
      const { peers } = await cluster.status()
      return peers.find(({ name, role }) => name === 'far' && role === 'worker')
    })
  })
  await until(
    'its absence',
    async () => / NotReady /.test(await cluster.must('get', 'node', 'far', '--no-headers')),
    30_000,
  )
  await withFar(['--data', data], process.env, async () => {})
  expect((await member('remove', 'far')).out).toContain('far: removed from the cluster')
  expect(await members()).not.toContain('far worker')
}, 120_000)

/** Runs the peer `far` until its node is Ready and `check` is done. */
async function withFar(
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
  check: () => Promise<void>,
): Promise<void> {
  const args = [mainFile, 'peer', '--name', 'far', ...flags]
  const far: ChildProcess = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' })
  const ended = new Promise(resolve => far.once('exit', resolve))
  try {
    await until(
      'the far node',
      async () => / Ready /.test(await cluster.must('get', 'node', 'far', '--no-headers')),
      30_000,
    )
    await check()
  } finally {
    far.kill('SIGTERM')
    await ended
  }
}

test('an empty disk under an old identity is refused; its peer is replaced', async () => {
  await cluster.fault('kill', 'peer-5')
  rmSync(join(cluster.data, 'peers/peer-5/store'), { recursive: true })
  await quorate(['fault', 'restart', 'peer-5', '--data', cluster.data])
  await until('the refusal', () => log('peer-5').includes('is not the one it joined with'))
  await until('its end', async () =>
    (await cluster.status()).peers.find(({ name, role }) => name === 'peer-5' && role === 'down'),
  )
  expect((await member('remove', 'peer-5')).out).toContain('removed from the cluster')
  expect((await member('add', 'peer-6')).out).toContain('peer-6: voter')
  expect(await members()).toEqual([1, 2, 3, 4, 6].map(n => `peer-${n} voter`))
}, 90_000)

test('the leader and a dead peer leave; a removed one says so and stops', async () => {
  const leader = await cluster.leader()
  expect((await member('remove', leader)).out).toContain(`${leader}: removed from the cluster`)
  expect(log(leader)).toContain('permanently removed from the cluster')
  const next = await cluster.leader(leader)
  const others = (await members()).map(text => text.split(' ')[0]!)
  const dead = others.find(name => name !== next)!
  await cluster.fault('kill', dead)
  await until('it is seen to be silent', async () => {
    const ran = await member('remove', dead)
    return ran.code === 0
  })
  expect(await members()).toHaveLength(3)
  expect((await cluster.status()).quorum).toBe(true)
}, 60_000)

test('nothing that was acknowledged meanwhile is lost, and all hold the same', async () => {
  await probe.stop()
  const verdict = await probe.judge()
  const { reads } = probe.report
  process.stdout.write(
    `${JSON.stringify({ verdict, reads, longestGapMs: probe.report.longestGapMs })}\n`,
  )
  expect(probe.report.failures).toEqual([])
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, ok: true })
  expect(reads.failed).toBe(0)
  await until('one hash', async () => {
    const { peers } = await cluster.status('--hash')
    const hashes = new Set(peers.map(({ revision, hash }) => `${revision} ${hash}`))
    return hashes.size === 1
  })
}, 60_000)
