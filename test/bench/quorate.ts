import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from '../../src/kernel/assert.ts'
import { ensureIdentity } from '../../src/p2p/identity.ts'
import type { MeshMember } from '../../src/p2p/types.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'
import type { MemberOptions, ToMember } from './member.ts'
import type { PutFigures } from './store.ts'
import type { System } from './types.ts'

/** Three members of our store: real processes, libp2p streams, fsync. */
export async function startQuorate(): Promise<System> {
  const root = mkdtempSync(join(tmpdir(), 'quorate-bench-'))
  const members: MeshMember[] = []
  for (const name of ['a', 'b', 'c']) {
    const { peerId } = await ensureIdentity(join(root, `${name}.key`))
    members.push({ id: name, name, peerId, host: '127.0.0.1', port: await freePort() })
  }
  const file = fileURLToPath(new URL('./member.js', import.meta.url))
  const children = members.map(({ id }) => {
    const keyFile = join(root, `${id}.key`)
    const options: MemberOptions = { self: id, members, keyFile, storeDir: join(root, id) }
    return fork(file, [JSON.stringify(options)])
  })
  let leader: ChildProcess | undefined
  for (const child of children) {
    child.on('message', (message: { leading?: boolean }) => {
      if (message.leading) leader = child
    })
  }
  await until('a leader', () => leader !== undefined, 30_000)
  return {
    name: 'quorate',
    measure: (outstanding, durationMs) =>
      ask(must(leader, 'a leader'), { outstanding, durationMs }),
    async stop() {
      for (const child of children) child.send('stop' satisfies ToMember)
      await Promise.all(children.map(child => new Promise(done => child.once('exit', done))))
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function ask(child: ChildProcess, message: ToMember): Promise<PutFigures> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: PutFigures & { leading?: boolean }) => {
      if (answer.leading !== undefined) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(answer)
    }
    const onExit = (code: number | null) => reject(new Error(`the member ended with ${code}`))
    child.on('message', onMessage)
    child.once('exit', onExit)
    child.send(message)
  })
}
