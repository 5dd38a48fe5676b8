import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { must } from '../../src/kernel/assert.ts'
import { planMembers } from '../support/store-cluster.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { until } from '../support/until.ts'
import type { FromMember, ToMember } from './member.ts'
import { benchTls } from './pki.ts'
import type { EmbeddedSystem } from './systems.ts'

/** Members of the cluster; one more is planned, for those who let it join. */
const size = 3
const probe = new URL('./stall-probe.js', import.meta.url)
const file = fileURLToPath(new URL('./member.js', import.meta.url))

/** Three members of our store: real processes, mesh, log and etcd API over TLS. */
export async function startQuorate(
  overrides: Partial<StoreMemberOptions> = {},
): Promise<EmbeddedSystem> {
  const tls = await benchTls()
  const planned = await planMembers(tls, overrides, size + 1)
  const { folder } = planned
  const options = planned.options.map((own, n) => splitOf(own, n))
  const children: ChildProcess[] = []
  const leading = new Set<ChildProcess>()
  const start = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const env = { ...process.env, NODE_OPTIONS: `--import=${probe}` }
      const child = fork(file, [JSON.stringify(options[n])], { env })
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
  const leader = () => must([...leading][0], 'a leader')
  const ask: EmbeddedSystem['ask'] = (message, answer, n) => {
    const child = n === undefined ? leader() : must(children[n], 'a member')
    const answered = answerOf(child, answer)
    child.send(message)
    return answered
  }
  const targets = options.map(({ etcd }) => ({ port: must(etcd, 'an etcd API').port, tls }))
  await Promise.all([0, 1, 2].map(start))
  await until('a leader', () => leading.size > 0, 30_000)
  return {
    name: 'quorate',
    targets: targets.slice(0, size),
    pids: () => children.map(({ pid }) => pid ?? 0),
    restart: start,
    kill: async n => void (await end(must(children[n], 'a member'), 'SIGKILL')),
    dataOf: n => must(options[n], 'a member').storeDir,
    ask,
    async join() {
      const { members } = must(options[size], 'one more')
      const { id, name, peerId, host, port } = must(members[size], 'one more')
      const peerUrls = [`https://${host}:${port}`]
      const member = { id, name, peerId, peerUrls, isLearner: true }
      const { ok, message } = await ask({ type: 'add-member', member }, 'added')
      if (!ok) throw new Error(message)
      await start(size)
      return must(targets[size], 'one more')
    },
    measureInside: async (workload, outstanding, durationMs, first = 0, keys) => {
      const message = { type: 'measure', workload, outstanding, durationMs, first, keys } as const
      return (await ask(message, 'figures')).figures
    },
    async partition(n, cut) {
      const names = options.slice(0, size).map(({ name }) => name)
      const own = must(names[n], 'a member')
      for (const [at, child] of children.entries()) {
        const from = at === n ? names.filter(name => name !== own) : [own]
        child.send(cut ? { type: 'partition', from } : { type: 'heal' })
      }
    },
    async stop() {
      await Promise.all(children.map(child => end(child)))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The fourth member comes later: the first three know nothing of it. */
function splitOf(own: StoreMemberOptions, n: number): StoreMemberOptions {
  const members = own.members.slice(0, size)
  const voters = own.voters?.slice(0, size)
  return n < size ? { ...own, members, voters } : { ...own, voters: [], joined: true }
}

function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<unknown> | undefined {
  if (child.exitCode !== null || child.signalCode !== null) return undefined
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  if (signal === undefined) child.send({ type: 'stop' } satisfies ToMember)
  else child.kill(signal)
  return ended
}

function answerOf<T extends FromMember['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<FromMember, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromMember) => {
      if (message.type !== type) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(message as Extract<FromMember, { type: T }>)
    }
    const onExit = (code: number | null) => reject(new Error(`the member ended with ${code}`))
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
