import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { must } from '../../src/kernel/assert.ts'
import { planMembers } from '../support/store-cluster.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { until } from '../support/until.ts'
import type { Figures } from './measure.ts'
import type { FromMember, ToMember } from './member.ts'
import { benchTls } from './pki.ts'
import type { EmbeddedSystem } from './systems.ts'

const file = fileURLToPath(new URL('./member.js', import.meta.url))

/** Three members of our store: real processes, mesh, log and etcd API over TLS. */
export async function startQuorate(
  overrides: Partial<StoreMemberOptions> = {},
): Promise<EmbeddedSystem> {
  const tls = await benchTls()
  const { folder, options } = await planMembers(tls, overrides)
  const children: ChildProcess[] = []
  const leading = new Set<ChildProcess>()
  const start = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const child = fork(file, [JSON.stringify(options[n])])
      children[n] = child
      child.once('exit', code => {
        leading.delete(child)
        reject(new Error(`member ${n + 1} ended with code ${code}`))
      })
      child.on('message', (message: FromMember) => {
        if (message.type === 'started') resolve()
        if (message.type !== 'leading') return
        if (message.leading) leading.add(child)
        else leading.delete(child)
      })
    })
  const send = (child: ChildProcess | undefined, message: ToMember) => child?.send(message)
  await Promise.all(options.map((_, n) => start(n)))
  await until('a leader', () => leading.size > 0, 30_000)
  return {
    name: 'quorate',
    targets: options.map(({ etcd }) => ({ port: must(etcd, 'an etcd API').port, tls })),
    pids: () => children.map(({ pid }) => pid ?? 0),
    restart: start,
    measureInside: (workload, outstanding, durationMs) => {
      const leader = must([...leading][0], 'a leader')
      const answer = figuresOf(leader)
      send(leader, { type: 'measure', workload, outstanding, durationMs })
      return answer
    },
    async partition(n, cut) {
      const names = options.map(({ name }) => name)
      const own = must(names[n], 'a member')
      for (const [at, child] of children.entries()) {
        const from = at === n ? names.filter(name => name !== own) : [own]
        send(child, cut ? { type: 'partition', from } : { type: 'heal' })
      }
    },
    async stop() {
      await Promise.all(children.map(end))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function end(child: ChildProcess): Promise<unknown> | undefined {
  if (child.exitCode !== null || child.signalCode !== null) return undefined
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  child.send({ type: 'stop' } satisfies ToMember)
  return ended
}

function figuresOf(child: ChildProcess): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromMember) => {
      if (message.type !== 'figures') return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(message.figures)
    }
    const onExit = (code: number | null) => reject(new Error(`the member ended with ${code}`))
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
