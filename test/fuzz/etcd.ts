import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { must } from '../../src/kernel/assert.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../src/pki/authority.ts'
import * as kv from '../../src/store/etcd/rpc/kv.ts'
import { root } from '../support/cluster.ts'
import { planMembers } from '../support/store-cluster.ts'
import { spawnTethered } from '../support/tethered.ts'
import { until } from '../support/until.ts'
import { grpc } from '../unit/etcd/raw-http2.ts'
import { etcdInput } from './etcd-input.ts'
import { probeFlags } from './house.ts'
import { pick } from './mutate.ts'
import { probeFolder } from './probe.ts'
import { type Door, processDoor } from './process-door.ts'
import { Watched } from './watched.ts'

/**
 * etcd's port of a member without Kubernetes, a process of its own: before TLS, as somebody of
 * another CA, as a node, and as an administrator, whose calls are decoded and done.
 */
export const etcd = processDoor('etcd', async () => {
  const ca = await createClusterCa('fuzz')
  const hosts = ['127.0.0.1', 'localhost']
  const server = await issueCertificate(ca, { user: 'etcd', hosts, usages: ['server', 'client'] })
  const tls = { ca: ca.cert, cert: server.cert, key: server.key }
  const { folder, options } = await planMembers(tls, { logLevel: 'info' }, 1)
  const own = must(options[0], 'a member')
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'))
  const log = join(scratch, 'log')
  const output = openSync(log, 'a')
  const child = spawnTethered(
    process.execPath,
    [join(root, 'dist/test/support/store-member.js'), 'run'],
    {
      stdio: ['pipe', output, output],
      env: { ...process.env, NODE_OPTIONS: probeFlags, [probeFolder]: scratch },
    },
  )
  child.stdin?.end(JSON.stringify(own))
  await until('the member serves', () => {
    const text = readFileSync(log, 'utf8')
    if (child.exitCode !== null) throw new Error(text)
    return /^started$/m.test(text)
  })
  const watched = new Watched('the member', must(child.pid, 'a process'), scratch, log)
  const port = must(own.etcd, 'an etcd API').port
  return door(watched, port, ca, async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGTERM')) await ended
    rmSync(folder, { recursive: true, force: true })
    rmSync(scratch, { recursive: true, force: true })
  })
})

async function door(
  watched: Watched,
  port: number,
  ca: KeyPair,
  stop: () => Promise<void>,
): Promise<Door> {
  const admin = { user: 'admin', groups: ['system:masters'] }
  const pair = (from: KeyPair, who: { user: string; groups?: string[] }) =>
    issueCertificate(from, { ...who, usages: ['client'] })
  const own = await pair(ca, admin)
  const tls = { ca: ca.cert, ...own }
  const callers = [
    { to: { port, host: '127.0.0.1' } },
    { to: { port, host: '127.0.0.1' }, tls: await pair(await createClusterCa('other'), admin) },
    {
      to: { port, host: '127.0.0.1' },
      tls: await pair(ca, { user: 'n', groups: ['system:nodes'] }),
    },
    ...Array.from({ length: 5 }, () => ({ to: { port, host: '127.0.0.1' }, tls: own })),
  ]
  const session = connect(`https://127.0.0.1:${port}`, { ...tls, servername: 'localhost' })
  session.on('error', () => {})
  let asked = 0
  return {
    processes: [watched],
    input(prng) {
      const { protocol, bytes } = etcdInput(prng)
      const caller = pick(callers, prng)
      if (!('tls' in caller)) return { caller, bytes }
      return { caller: { to: caller.to, tls: { ...caller.tls, ALPNProtocols: [protocol] } }, bytes }
    },
    ask: () => putAndRead(session, `well-behaved/${++asked % 10}`, Buffer.from(String(asked))),
    wrongIn: ({ got }) => unknownIn(got.toString('latin1')),
    async stop() {
      session.destroy()
      await stop()
    },
  }
}

/** Texts for which etcd itself has no better code than UNKNOWN. */
const knownTexts = /^.(?:election|mutex|"leader" field|etcdserver|error validating peerURLs)/s

/** A call that ended with the code for what nobody has thought of. */
function unknownIn(text: string): string | undefined {
  const mark = 'grpc-status\u00012\u0000\u000cgrpc-message'
  const at = text.indexOf(mark)
  if (at < 0) return undefined
  const message = text.slice(at + mark.length, at + mark.length + 300)
  return knownTexts.test(message) ? undefined : message
}

/** Both in one transaction: whatever others delete, what was put is read. */
async function putAndRead(session: ClientHttp2Session, key: string, value: Buffer): Promise<void> {
  const success = [{ requestPut: { key, value } }, { requestRange: { key } }]
  const request = grpc(kv.txnRequest.encode({ success }))
  const stream = session.request({
    ...{ ':method': 'POST', ':path': '/etcdserverpb.KV/Txn', te: 'trailers' },
    'content-type': 'application/grpc',
  })
  const pieces: Buffer[] = []
  stream.on('data', piece => pieces.push(piece))
  stream.end(request)
  await finished(stream)
  const { responses } = kv.txnResponse.decode(Buffer.concat(pieces).subarray(5))
  const found = responses[1]?.responseRange?.kvs?.[0]?.value
  assert.deepEqual(Buffer.from(found ?? []), value)
}
