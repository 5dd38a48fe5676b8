import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Samples } from '../../src/store/samples.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'
import type { PutFigures } from './store.ts'
import type { System } from './types.ts'

const connections = 8

export function etcdInstalled(): boolean {
  return spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0
}

/** Three members of etcd on loopback, without TLS, driven over a lean HTTP/2 gRPC client. */
export async function startEtcd(): Promise<System> {
  const root = mkdtempSync(join(tmpdir(), 'etcd-bench-'))
  const names = ['a', 'b', 'c']
  const ports = await Promise.all(names.map(async () => [await freePort(), await freePort()]))
  const url = (port: number | undefined) => `http://127.0.0.1:${port}`
  const cluster = names.map((name, n) => `${name}=${url(ports[n]?.[1])}`).join(',')
  const children: ChildProcess[] = names.map((name, n) => {
    const [client, peer] = ports[n] ?? []
    const args = [
      ...['--name', name, '--data-dir', join(root, name), '--initial-cluster', cluster],
      ...['--listen-client-urls', url(client), '--advertise-client-urls', url(client)],
      ...['--listen-peer-urls', url(peer), '--initial-advertise-peer-urls', url(peer)],
      ...['--log-level', 'error', '--logger', 'zap'],
    ]
    return spawn('etcd', args, { stdio: 'ignore' })
  })
  const client = await until(
    'etcd serves',
    () => leaderClient(ports.map(([port]) => port ?? 0)),
    30_000,
  )
  return {
    name: 'etcd',
    measure: (outstanding, durationMs) => measure(client, outstanding, durationMs),
    async stop() {
      for (const session of client) session.destroy()
      for (const child of children) child.kill('SIGTERM')
      await Promise.all(children.map(child => new Promise(done => child.once('exit', done))))
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Connections to the member that leads: its answer to Status names itself. */
async function leaderClient(ports: readonly number[]): Promise<ClientHttp2Session[] | undefined> {
  for (const port of ports) {
    const session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    try {
      const status = await call(session, '/etcdserverpb.Maintenance/Status', Buffer.alloc(0))
      const fields = varints(status)
      const header = varints(fields.get(1) as Buffer)
      // StatusResponse.leader is field 4, ResponseHeader.member_id field 2.
      if (fields.get(4) === undefined || fields.get(4) !== header.get(2)) continue
      const more = Array.from({ length: connections - 1 }, () =>
        connect(`http://127.0.0.1:${port}`),
      )
      return [session, ...more]
    } catch {
      session.destroy()
    }
  }
  return undefined
}

async function measure(
  sessions: readonly ClientHttp2Session[],
  outstanding: number,
  durationMs: number,
): Promise<PutFigures> {
  const latencies = new Samples(1 << 16)
  const value = Buffer.alloc(256, 'v')
  const begun = performance.now()
  const end = begun + durationMs
  let done = 0
  let failed = 0
  const writer = async (name: number) => {
    const session = sessions[name % sessions.length]
    for (let n = 0; session && performance.now() < end; n++) {
      const at = performance.now()
      const body = putRequest(Buffer.from(`bench/${name}/${n % 1_000}`), value)
      await call(session, '/etcdserverpb.KV/Put', body).then(
        () => done++,
        () => failed++,
      )
      latencies.add(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: outstanding }, (_, name) => writer(name)))
  const { p50: p50Ms, p99: p99Ms } = latencies.percentiles()
  const putsPerSecond = Math.round((done * 1000) / (performance.now() - begun))
  return { outstanding, putsPerSecond, p50Ms, p99Ms, failed }
}

/** One unary gRPC call. Source: gRPC over HTTP2, Requests. */
function call(session: ClientHttp2Session, path: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    stream.on('data', chunk => chunks.push(chunk))
    stream.on('trailers', trailers => {
      if (String(trailers['grpc-status']) === '0') resolve(Buffer.concat(chunks).subarray(5))
      else reject(new Error(String(trailers['grpc-message'])))
    })
    stream.on('error', reject)
    const frame = Buffer.alloc(5)
    frame.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([frame, message]))
  })
}

/** PutRequest: key is field 1, value field 2. */
function putRequest(key: Buffer, value: Buffer): Buffer {
  const length = (size: number) =>
    size < 128 ? Buffer.from([size]) : Buffer.from([(size & 127) | 128, size >> 7])
  return Buffer.concat([
    Buffer.from([0x0a]),
    length(key.length),
    key,
    Buffer.from([0x12]),
    length(value.length),
    value,
  ])
}

/** The varint and length-delimited fields of a protobuf message, by number. */
function varints(message: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    if ((tag & 7) === 0) fields.set(tag >> 3, varint())
    else {
      const size = Number(varint())
      fields.set(tag >> 3, message.subarray(at, at + size))
      at += size
    }
  }
  return fields
}
