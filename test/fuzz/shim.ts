import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { must } from '../../src/kernel/assert.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import { root } from '../support/cluster.ts'
import { spawnTethered } from '../support/tethered.ts'
import { until } from '../support/until.ts'
import { probeFlags } from './house.ts'
import { mutate, pick, randomBytes } from './mutate.ts'
import { mutate as mutateObject } from './objects.ts'
import { probeFolder } from './probe.ts'
import { processDoor } from './process-door.ts'
import { Watched } from './watched.ts'

const ids = ['a', 'b', 'c', 'constructor']

/** The socket between a pod's shim and its kubelet; the shim is a process of its own. */
export const shim = processDoor('shim', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'))
  const [folder, path, log] = ['pod', 'shim.sock', 'log'].map(name => join(scratch, name))
  mkdirSync(must(folder, 'a folder'))
  const output = openSync(must(log, 'a file'), 'a')
  const child = spawnTethered(
    process.execPath,
    [join(root, 'dist/bundle/shim.js'), must(folder, 'a folder'), must(path, 'a socket')],
    {
      // Paths in requests are relative: whatever becomes of them stays here.
      cwd: scratch,
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH, NODE_OPTIONS: probeFlags, [probeFolder]: scratch },
    },
  )
  const kubelet = await until('the shim serves', () => open(must(path, 'a socket')))
  return {
    processes: [new Watched('the shim', must(child.pid, 'a process'), scratch, must(log, 'a log'))],
    input: prng => ({ caller: { to: { path: must(path, 'a socket') } }, bytes: input(prng) }),
    async ask() {
      const { ok } = (await kubelet.request({ op: 'list' })) as { ok: boolean }
      assert.ok(ok)
    },
    async tidy() {
      for (const id of await kubelet.containers()) await kubelet.request({ op: 'remove', id })
    },
    async stop() {
      kubelet.close()
      child.kill('SIGKILL')
      rmSync(scratch, { recursive: true, force: true })
    },
  }
})

function input(prng: Prng): Buffer {
  if (prng.chance(0.05)) return randomBytes(prng.below(300), prng)
  const lines = Array.from({ length: 1 + prng.below(4) }, () => line(prng))
  return Buffer.concat(lines.flatMap(each => [each, Buffer.from('\n')]))
}

function line(prng: Prng): Buffer {
  const valid = { seq: prng.below(100), ...pick(requests(pick(ids, prng)), prng) }
  const draw = prng.next()
  const bytes = Buffer.from(JSON.stringify(draw < 0.7 ? mutateObject(valid, prng) : valid))
  return draw < 0.9 ? bytes : mutate(bytes, prng)
}

/** All but the one that ends the shim. */
function requests(id: string): object[] {
  const container = {
    ...{ id, name: 'c', attempt: 0, image: 'i', imageId: 'i', specHash: 'x', createdAt: 1 },
    ...{ argv: ['true'], env: { A: 'b' }, cwd: '.', logPath: 'logs/0.log', state: 'created' },
    ...{ terminationLog: 'logs/end', stdin: true, tty: false, portsFile: undefined },
    mounts: [{ mountPath: '/v', hostPath: 'v' }],
  }
  return [
    { op: 'create', container },
    { op: 'create', container },
    { op: 'create', container: { ...container, tty: true, argv: ['cat'] } },
    { op: 'create', container: { ...container, argv: ['cat'] } },
    { op: 'start', id },
    { op: 'start', id },
    { op: 'stop', id, graceMs: 5 },
    { op: 'remove', id },
    { op: 'list' },
    { op: 'attach', id },
    { op: 'input', id, data: 'hello', end: false, size: { columns: 80, rows: 24 } },
    { op: 'input', id, end: true },
  ]
}

/** The kubelet's side of the socket; undefined while nobody serves it. */
function open(path: string): Promise<Kubelet | undefined> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(new Kubelet(socket)))
  })
}

class Kubelet {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: object) => void>()
  #seq = 1_000_000

  constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', text => {
      const answer = JSON.parse(text) as { readonly seq?: number }
      this.#waiting.get(answer.seq ?? 0)?.(answer)
    })
  }

  request(request: object): Promise<object> {
    const seq = ++this.#seq
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the shim does not answer')), 20_000)
      this.#waiting.set(seq, answer => {
        clearTimeout(timer)
        this.#waiting.delete(seq)
        resolve(answer)
      })
      this.#socket.write(`${JSON.stringify({ seq, ...request })}\n`)
    })
  }

  async containers(): Promise<string[]> {
    const answer = (await this.request({ op: 'list' })) as { containers: { id: string }[] }
    return answer.containers.map(({ id }) => id)
  }

  close(): void {
    this.#socket.destroy()
  }
}
