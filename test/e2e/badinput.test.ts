import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kinds } from '../../src/api/kinds.ts'
import { createClusterCa, issueCertificate } from '../../src/pki/authority.ts'
import { readKeyPair } from '../../src/pki/files.ts'
import { framedBytes, readFrame } from '../../src/wal/frame.ts'
import { quorate, startCluster, type TestCluster } from '../support/cluster.ts'
import { deploymentYaml } from '../support/seed.ts'
import { until } from '../support/until.ts'

/** What people and disks get wrong: each is told, in words to act on, and nothing is lost. */
let cluster: TestCluster
const scratch = mkdtempSync(join(tmpdir(), 'quorate-bad-'))

beforeAll(async () => {
  cluster = await startCluster()
}, 90_000)
afterAll(async () => {
  await cluster?.down()
  rmSync(scratch, { recursive: true, force: true })
}, 60_000)

function file(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

describe('the configuration', () => {
  const up = async (text: string) => {
    const config = file('cluster.config.json', text)
    return quorate(['up', '--detach', '--config', config, '--data', join(scratch, 'data')])
  }
  test.each<[string, string, RegExp]>([
    [
      'a bad value',
      '{"peers":[{"name":"a"}],"proxyMode":"magic"}',
      /cluster\.config\.json: proxyMode: "magic" is not allowed; allowed: one of userspace, /,
    ],
    [
      'an unknown key',
      '{"peers":[{"name":"a","port":80}]}',
      /cluster\.config\.json: peers\[0\]\.port: unknown key; see docs\/ARCHITECTURE\.md/,
    ],
    ['not JSON', '{"peers":[', /cluster\.config\.json: not JSON: /],
  ])('%s', async (_what, text, message) => {
    const ran = await up(text)
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(message)
    expect(ran.err.trim().split('\n')).toHaveLength(1)
  })

  test('a file that is not there', async () => {
    const ran = await quorate(['up', '--detach', '--config', 'nowhere.json', '--data', scratch])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('nowhere.json: no such file; give another with --config FILE')
  })
})

describe('a second up', () => {
  test('a port that is taken: by whom, and how to choose another', async () => {
    const data = join(scratch, 'second')
    const ran = await quorate(['up', '--detach', '--data', data, ...cluster.args])
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(
      new RegExp(
        `port ${cluster.portBase} of 127\\.0\\.0\\.1 \\(loadBalancer\\) is held by ` +
          '.*main\\.js lb .*\\(pid \\d+\\)',
      ),
    )
    expect(ran.err).toContain('Choose others with --port-base P')
    expect((await cluster.status()).quorum).toBe(true)
  })

  test('in the same folder: it runs already, and stays as it is', async () => {
    const again = await quorate(['up', '--data', cluster.data, '--no-tui', ...cluster.args])
    expect(again.code).toBe(1)
    expect(again.err).toMatch(/is running already \(supervisor pid \d+\)/)
    expect(again.err).toContain('Stop it with: quorate down')
    const other = await quorate(['up', '--detach', '--data', cluster.data, '--port-base', '31000'])
    expect(other.code).toBe(1)
    expect(other.err).toContain('with another configuration; nothing was changed')
    expect((await cluster.up()).out).toContain('3 peers')
    expect((await cluster.status()).quorum).toBe(true)
  })
})

describe('objects', () => {
  const typo = file('typo.yaml', deploymentYaml.replace('  replicas: 3', '  replica: 3'))

  test('an unknown field: refused, warned of, or ignored, as one asks', async () => {
    const apply = (mode: string) => cluster.kubectl('create', '-f', typo, `--validate=${mode}`)
    const strict = await apply('strict')
    expect(strict.code).toBe(1)
    expect(strict.err).toContain('strict decoding error: unknown field "spec.replica"')
    const warned = await apply('warn')
    expect(warned).toMatchObject({ code: 0, out: 'deployment.apps/nginx-deployment created\n' })
    expect(warned.err).toContain('Warning: unknown field "spec.replica"')
    await cluster.must('delete', 'deployment', 'nginx-deployment', '--cascade=foreground')
    expect(await apply('ignore')).toMatchObject({ code: 0, err: '' })
    await cluster.must('delete', 'deployment', 'nginx-deployment', '--cascade=foreground')
  }, 60_000)

  test('a name that is taken', async () => {
    const text = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n'
    const namespace = await cluster.kubectl('create', '-f', file('namespace.yaml', text))
    expect(namespace.err).toMatch(
      /^Error from server \(AlreadyExists\): .*namespaces "default" already exists$/m,
    )
    await cluster.must('create', 'configmap', 'taken', '--from-literal=a=1')
    const ran = await cluster.kubectl('create', 'configmap', 'taken', '--from-literal=a=2')
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(
      'error: failed to create configmap: configmaps "taken" already exists',
    )
    const jsonpath = '-o=jsonpath={.data.a}'
    expect(await cluster.must('get', 'configmap', 'taken', jsonpath)).toBe('1')
  })

  test('a body that is too large', async () => {
    const big = file('big.txt', 'x'.repeat(4 << 20))
    const ran = await cluster.kubectl('create', 'configmap', 'big', `--from-file=${big}`)
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(
      'failed to create configmap: Request entity too large: limit is 3145728',
    )
    const alsoBig = file('also.txt', 'x'.repeat(1_100_000))
    const refused = await cluster.kubectl('create', 'configmap', 'b', `--from-file=${alsoBig}`)
    expect(refused.err).toContain('Too long: may not be more than 1048576 bytes')
  })

  test('YAML that is none', async () => {
    const ran = await cluster.kubectl('apply', '-f', file('broken.yaml', 'kind: Pod\n  a: [1'))
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('error parsing')
  })
})

describe('certificates', () => {
  test("another cluster's CA: the client refuses the server", async () => {
    const other = await createClusterCa('other')
    const ca = file('other-ca.crt', other.cert)
    const ran = await cluster.kubectl('get', 'pods', `--certificate-authority=${ca}`)
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('certificate signed by unknown authority')
  })

  const asCertificate = (name: string, pair: { cert: string; key: string }) =>
    cluster.kubectl(
      ...['get', 'pods', `--kubeconfig=${file('empty', '')}`, `--server=${cluster.server}`],
      `--certificate-authority=${join(cluster.data, 'pki', 'ca.crt')}`,
      `--client-certificate=${file(`${name}.crt`, pair.cert)}`,
      `--client-key=${file(`${name}.key`, pair.key)}`,
    )

  test('a certificate of another CA: the server refuses the client', async () => {
    const other = await createClusterCa('other')
    const usages = ['client'] as const
    const pair = await issueCertificate(other, { user: 'eve', groups: ['system:masters'], usages })
    const ran = await asCertificate('eve', pair)
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(/Unauthorized|logged in to the server|unknown certificate/)
  })

  test('a valid certificate of a nobody: 403, in the words of the authorizer', async () => {
    const ca = readKeyPair(join(cluster.data, 'pki'), 'ca')
    if (!ca) throw new Error('no CA')
    const pair = await issueCertificate(ca, { user: 'nobody', usages: ['client'] })
    const ran = await asCertificate('nobody', pair)
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(
      'Error from server (Forbidden): pods is forbidden: User "nobody" cannot list resource ' +
        '"pods" in API group "" in the namespace "default"',
    )
  })
})

describe('damaged logs', () => {
  const objects = 30

  /** The newest segment, and where its frames begin and end. */
  function segmentOf(peer: string): { path: string; frames: { at: number; end: number }[] } {
    const folder = join(cluster.data, 'peers', peer, 'store')
    const name = readdirSync(folder, { recursive: true })
      .map(String)
      .filter(each => /wal-\d{12}\.log$/.test(each))
      .sort()
      .at(-1)
    if (!name) throw new Error(`${peer} has no log`)
    const path = join(folder, name)
    const data = readFileSync(path)
    const sequence = Number(/(\d{12})\.log$/.exec(name)?.[1])
    const frames: { at: number; end: number }[] = []
    for (let at = 0; ; ) {
      const payload = readFrame(data, at, frames.length, sequence)
      if (!payload) return { path, frames }
      frames.push({ at, end: at + framedBytes(payload.length) })
      at += framedBytes(payload.length)
    }
  }

  function flipBit(path: string, at: number): void {
    const data = readFileSync(path)
    const fd = openSync(path, 'r+')
    writeSync(fd, Buffer.from([(data[at] ?? 0) ^ 1]), 0, 1, at)
    closeSync(fd)
  }

  test('a torn tail starts and catches up; a flipped bit refuses, and the others serve', async () => {
    const client = cluster.client()
    for (let n = 0; n < objects; n++) {
      await client.create(kinds.configMaps, {
        metadata: { name: `kept-${n}`, namespace: 'default' },
        data: { n: String(n) },
      })
    }
    const intact = await cluster.leader()
    const [torn = '', flipped = ''] = ['peer-1', 'peer-2', 'peer-3'].filter(n => n !== intact)
    expect((await quorate(['down', '--data', cluster.data])).code).toBe(0)

    const tail = segmentOf(torn)
    const last = tail.frames.at(-1)
    truncateSync(tail.path, ((last?.at ?? 0) + (last?.end ?? 0)) >> 1)
    const middle = segmentOf(flipped)
    const frame = middle.frames[middle.frames.length >> 1]
    flipBit(middle.path, ((frame?.at ?? 0) + (frame?.end ?? 0)) >> 1)

    const ran = await quorate([
      ...['up', '--detach', '--timeout', '12', '--data', cluster.data],
      ...cluster.args,
    ])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(`not ready after 12 s: ${flipped} does not answer`)
    const segment = middle.path.split('/').at(-1)
    const reason = `${segment} is damaged at offset ${frame?.at}: an unreadable frame`
    expect(ran.err).toContain(`${flipped} ended: write-ahead log ${reason}`)
    expect(readFileSync(join(cluster.data, 'logs', `${flipped}.log`), 'utf8')).toContain(reason)

    const status = await cluster.status()
    expect(status.quorum).toBe(true)
    expect(status.peers.find(peer => peer.name === flipped)?.role).toBe('down')
    const revisions = await until('the torn one has caught up', async () => {
      const [a, b] = await Promise.all([cluster.report(torn), cluster.report(intact)])
      return a.revision === b.revision && a.applied === b.applied && a.ready && a.revision
    })
    expect(revisions).toBeGreaterThan(objects)
    for (const peer of [torn, intact]) {
      const n = Number(peer.split('-')[1])
      const one = cluster.client([cluster.api(n)])
      const { items } = await one.list(kinds.configMaps, { namespace: 'default' })
      const kept = items.filter(item => item.metadata.name?.startsWith('kept-'))
      expect(new Set(kept.map(item => item.data?.n)).size).toBe(objects)
    }
    await cluster.must('create', 'configmap', 'after', '--from-literal=a=1')
  }, 90_000)
})
