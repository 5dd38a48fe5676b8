import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { quorate, type Ran, run, startCluster, type TestCluster } from '../../support/cluster.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

/** The real HAProxy with the configuration that `quorate lb --print haproxy` gives. */
const haproxy = 'haproxy'
const kills = 3
const hasNginx = !spawnSync('nginx', ['-v']).error
let cluster: TestCluster
let proxy: ChildProcess | undefined
let port: number
let said = ''

beforeAll(async () => {
  cluster = await startCluster()
}, 90_000)
afterAll(async () => {
  proxy?.kill('SIGKILL')
  await cluster?.down()
}, 60_000)

/** The printed configuration with its listener on a free port, as a file. */
async function printed(kind: 'haproxy' | 'nginx', listener: RegExp): Promise<string> {
  const ran = await quorate(['lb', '--print', kind, '--data', cluster.data])
  expect(ran).toMatchObject({ code: 0, err: '' })
  port = await freePort()
  expect(ran.out).toMatch(listener)
  const path = join(cluster.data, `${kind}.cfg`)
  writeFileSync(path, ran.out.replace(listener, `$1 127.0.0.1:${port}`))
  return path
}

/** kubectl through the real proxy: the kubeconfig's certificate holds for any port. */
const kubectl = (...args: string[]) =>
  cluster.kubectl(`--server=https://127.0.0.1:${port}`, '--request-timeout=10s', ...args)

/** The connection broke, or was refused: what a client of a TCP proxy must expect, and no more. */
const cut = /EOF|connection reset|connection refused|broken pipe|http2: (client|server) connection/

test('haproxy takes the printed configuration without a warning', async () => {
  const file = await printed('haproxy', /^( +bind) \S+/m)
  const checked = await run(haproxy, ['-c', '-f', file])
  expect(checked.code, checked.err).toBe(0)
  expect(checked.out + checked.err).not.toMatch(/WARNING|ALERT|deprecated/i)
  proxy = spawn(haproxy, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [proxy.stdout, proxy.stderr]) {
    stream?.on('data', chunk => {
      said += chunk
    })
  }
  await until('kubectl through haproxy', async () => (await kubectl('get', 'nodes')).code === 0)
  expect((await kubectl('get', 'nodes')).out).toContain('peer-3')
})

test(`kubectl goes on through ${kills} kills of the leader`, async () => {
  const outcomes = { requests: 0, cut: 0 }
  const refused: string[] = []
  const acknowledged: string[] = []
  let stopped = false
  const attempt = async (args: string[]): Promise<Ran> => {
    for (let n = 1; ; n++) {
      const ran = await kubectl(...args)
      if (ran.code === 0 || n === 4 || !cut.test(ran.err)) return ran
      outcomes.cut++
    }
  }
  const loop = async (id: string) => {
    for (let n = 0; !stopped; n++) {
      const name = `made-${id}-${n}`
      const made = await attempt(['create', 'configmap', name, `--from-literal=n=${n}`])
      // The cut one may have been carried out: then its repetition finds it there.
      if (made.code === 0 || /already exists/.test(made.err)) acknowledged.push(name)
      else refused.push(`create: ${made.err.trim()}`)
      const got = await attempt(['get', 'configmap', name, '-o', 'name'])
      if (got.out.trim() !== `configmap/${name}`) refused.push(`get: ${got.err.trim()}`)
      outcomes.requests += 2
    }
  }
  const loops = [loop('a'), loop('b')]
  const begun = acknowledged.length
  for (let n = 0; n < kills; n++) {
    const leader = await cluster.leader()
    const before = acknowledged.length
    await until('some are made', () => acknowledged.length >= before + 4, 20_000)
    await cluster.fault('kill', leader)
    await cluster.leader(leader)
    const after = acknowledged.length
    await until('it goes on', () => acknowledged.length >= after + 4, 20_000)
    await cluster.fault('restart', leader)
    await until('it is back', async () => (await cluster.report(leader)).ready, 20_000)
  }
  stopped = true
  await Promise.all(loops)
  process.stdout.write(`${JSON.stringify({ ...outcomes, made: acknowledged.length - begun })}\n`)
  expect(refused).toEqual([])
  const names = (await cluster.must('get', 'configmaps', '-o', 'name')).split('\n')
  const missing = acknowledged.filter(name => !names.includes(`configmap/${name}`))
  expect(missing).toEqual([])
  expect(proxy?.exitCode).toBeNull()
  // It saw each death by itself, and each return.
  expect(said).toMatch(/Server apiservers\/peer-\d is DOWN/)
  expect(said).toMatch(/Server apiservers\/peer-\d is UP/)
}, 180_000)

test.skipIf(!hasNginx)('nginx takes its configuration (needs nginx)', async () => {
  const file = await printed('nginx', /^( +listen) \S+/m)
  const checked = await run('nginx', ['-t', '-c', file])
  expect(checked.code, checked.err).toBe(0)
  expect(checked.err).not.toMatch(/\[(warn|emerg)\]/)
})
