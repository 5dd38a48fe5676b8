import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { ensureIdentity } from '../../src/p2p/identity.ts'
import { Mesh } from '../../src/p2p/mesh.ts'
import type { MeshMember } from '../../src/p2p/types.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'

/**
 * `npm run bench -- mesh`: what the mesh itself costs, between two processes. The round trip
 * of a frame of 256 B with its CPU on this side, the rate of frames sent as fast as they go, and
 * how soon a killed peer (SIGKILL) is reported lost.
 */
interface PeerOptions {
  readonly self: string
  readonly members: readonly MeshMember[]
  readonly folder: string
}

const kills = 10
const frameBytes = 256
const measureMs = 2_000

/** Tells the other process, which is this program again, what it is. */
const echoVariable = 'QUORATE_BENCH_ECHO'

const echoOptions = process.env[echoVariable]
if (echoOptions !== undefined) await echo(JSON.parse(echoOptions) as PeerOptions)

/** See above. */
export async function benchMesh(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-bench-'))
  const members: MeshMember[] = []
  for (const name of ['a', 'b']) {
    const { peerId } = await ensureIdentity(join(folder, name))
    members.push({ id: name, name, peerId, host: '127.0.0.1', port: await freePort() })
  }
  const mesh = await open({ self: 'a', members, folder })
  const startEcho = async () => {
    const options: PeerOptions = { self: 'b', members, folder }
    const env = { ...process.env, [echoVariable]: JSON.stringify(options) }
    const child = fork(fileURLToPath(import.meta.url), { env })
    await until('the link is up', () => mesh.connected('b'), 30_000)
    await sleep(700)
    return child
  }
  let child = await startEcho()
  await roundTrips(mesh, measureMs / 2)
  say('round trip', await roundTrips(mesh, measureMs))
  say('one way', await flood(mesh, measureMs))
  const lostMs: number[] = []
  for (let n = 0; n < kills; n++) {
    const began = performance.now()
    const lost = new Promise<number>(resolve => {
      mesh.onPeerLost(() => resolve(performance.now() - began))
    })
    child.kill('SIGKILL')
    lostMs.push(await lost)
    child = await startEcho()
  }
  const [p50, max] = [percentile(lostMs, 0.5), percentile(lostMs, 1)]
  say('killed peer', `lost after p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms`)
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

/** The other process: sends back what begins with 1, and counts the rest. */
async function echo(options: PeerOptions): Promise<void> {
  const mesh = await open(options)
  let count = 0
  mesh.onFrame((from, frame) => {
    if (frame[0] === 1) mesh.send(from, frame)
    else if (++count % 1_000 === 0) mesh.send(from, frame)
  })
}

async function open({ self, members, folder }: PeerOptions): Promise<Mesh> {
  const identity = await ensureIdentity(join(folder, self))
  const mesh = new Mesh({ self, members, identity, clock: systemClock, logger: silentLogger })
  await mesh.start()
  return mesh
}

function roundTrips(mesh: Mesh, durationMs: number): Promise<string> {
  const frame = Buffer.alloc(frameBytes, 1)
  const times: number[] = []
  const end = performance.now() + durationMs
  const cpu = process.cpuUsage()
  return new Promise(resolve => {
    let at = 0
    const next = () => {
      at = performance.now()
      if (at < end) return mesh.send('b', frame)
      const { user, system } = process.cpuUsage(cpu)
      const [p50, p99] = [0.5, 0.99].map(ratio => percentile(times, ratio) * 1_000)
      const cpuUs = ((user + system) / times.length).toFixed(0)
      resolve(`p50 ${p50?.toFixed(0)} µs, p99 ${p99?.toFixed(0)} µs, CPU ${cpuUs} µs`)
    }
    mesh.onFrame(() => {
      times.push(performance.now() - at)
      setImmediate(next)
    })
    next()
  })
}

async function flood(mesh: Mesh, durationMs: number): Promise<string> {
  const frame = Buffer.alloc(frameBytes, 2)
  let arrived = 0
  mesh.onFrame(() => {
    arrived += 1_000
  })
  const begun = performance.now()
  while (performance.now() - begun < durationMs) {
    for (let n = 0; n < 64 && mesh.queuedBytes('b') < 1 << 20; n++) mesh.send('b', frame)
    await new Promise(resolve => setImmediate(resolve))
  }
  return `${Math.round((arrived * 1_000) / (performance.now() - begun))} frames/s`
}

function percentile(values: readonly number[], ratio: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * ratio), sorted.length - 1)] ?? Number.NaN
}

function say(what: string, figures: string): void {
  process.stdout.write(`${what.padEnd(12)} ${figures}\n`)
}
