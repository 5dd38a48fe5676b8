import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { TraceCluster } from './cluster.ts'

/**
 * Traces of the Raft core that read like a script: commands, `----`, what followed. A file begins
 * with a comment that says what it proves. GOLDEN_REWRITE=1 writes what follows now: read the diff.
 *
 *     cluster 1 2 [learner 3] [trickle]    tick ID N    propose ID TEXT    settle [ROUNDS]
 *     partition 1 2 | 3            heal               crash ID             restart ID
 *     lost ID PEER                 read ID N          transfer ID [TO]     drop
 *     overslept ID                 passive ID on|off  compact ID INDEX     show
 *     late ID TICKS
 *     snapshot FROM TO INDEX       add|learn|remove ID MEMBER              log on|off
 */
const directory = path.join(import.meta.dirname, 'traces')
const rewrite = process.env.GOLDEN_REWRITE === '1'

class Script {
  #cluster = new TraceCluster([], [])
  #quiet = false

  run(line: string): string[] {
    const [name, ...words] = line.split(/\s+/) as [string, ...string[]]
    const command = this.#commands[name]
    if (command === undefined) throw new Error(`no such command: ${line}`)
    command(words)
    const lines = this.#cluster.takeLines()
    return this.#quiet && name !== 'show' ? [] : lines
  }

  readonly #commands: Record<string, (words: string[]) => void> = {
    cluster: words => {
      // With `trickle` each message carries one entry.
      const trickle = words.at(-1) === 'trickle'
      const [voters = '', learners = ''] = words.join(' ').replace(' trickle', '').split('learner')
      const ids = (text: string) => text.split(' ').filter(id => id !== '')
      this.#cluster = new TraceCluster(ids(voters), ids(learners), trickle ? 1 : undefined)
    },
    log: ([state]) => {
      this.#quiet = state === 'off'
    },
    tick: ([id, count]) => {
      for (let tick = 0; tick < Number(count ?? 1); tick++)
        this.#cluster.input(id!, { type: 'tick' })
    },
    propose: ([id, text]) =>
      this.#cluster.input(id!, { type: 'propose', data: [Buffer.from(text!)] }),
    settle: ([rounds]) => this.#cluster.settle(rounds ? Number(rounds) : undefined),
    drop: () => this.#cluster.drop(),
    partition: words =>
      this.#cluster.partition(
        words
          .join(' ')
          .split('|')
          .map(g => g.trim().split(' ')),
      ),
    heal: () => this.#cluster.partition([]),
    crash: ([id]) => this.#cluster.crash(id!),
    restart: ([id]) => this.#cluster.restart(id!),
    lost: ([id, peer]) => this.#cluster.input(id!, { type: 'peer-lost', peer: peer! }),
    read: ([id, number]) => this.#cluster.input(id!, { type: 'read', id: Number(number) }),
    transfer: ([id, to]) => this.#cluster.input(id!, { type: 'transfer', to }),
    overslept: ([id]) => this.#cluster.input(id!, { type: 'overslept' }),
    passive: ([id, state]) =>
      this.#cluster.input(id!, { type: 'passive', passive: state === 'on' }),
    late: ([id, ticks]) => this.#cluster.input(id!, { type: 'late', ticks: Number(ticks) }),
    compact: ([id, index]) => this.#cluster.input(id!, { type: 'compact', index: Number(index) }),
    snapshot: ([from, to, index]) => this.#snapshot(from!, to!, Number(index)),
    add: ([id, member]) => this.#change('add-voter', id!, member!),
    learn: ([id, member]) => this.#change('add-learner', id!, member!),
    remove: ([id, member]) => this.#change('remove', id!, member!),
    show: () => this.#cluster.show(),
  }

  #change(kind: 'add-voter' | 'add-learner' | 'remove', id: string, member: string): void {
    this.#cluster.input(id, { type: 'change', change: { kind, id: member } })
  }

  /** What the driver does: the slices arrive, then both cores are told. */
  #snapshot(from: string, to: string, index: number): void {
    const { core } = this.#cluster.nodes.get(from)!
    const { term, membership } = core
    const snapshotTerm = core.log.term(index)!
    const message = { type: 'snapshot', from, to, term, index, snapshotTerm, membership } as const
    this.#cluster.input(to, { type: 'message', message })
    this.#cluster.input(from, { type: 'snapshot-sent', to, index, ok: true })
  }
}

/** Runs a file's commands and gives back its text as it would have to be. */
function replay(text: string): string {
  const script = new Script()
  const blocks = text.trimEnd().split(/\n\n+/)
  const rewritten = blocks.map(block => {
    const lines = block.split('\n')
    if (lines[0]!.startsWith('#')) return block
    const end = lines.indexOf('----')
    const commands = end < 0 ? lines : lines.slice(0, end)
    const output = commands.flatMap(command => script.run(command))
    return [...commands, '----', ...(output.length > 0 ? output : ['ok'])].join('\n')
  })
  return `${rewritten.join('\n\n')}\n`
}

const files = readdirSync(directory).filter(name => name.endsWith('.golden'))

test('there are traces', () => expect(files.length).toBeGreaterThan(0))

test.each(files)('%s', name => {
  const file = path.join(directory, name)
  const text = readFileSync(file, 'utf8')
  expect(text.startsWith('# '), 'begins with what it proves').toBe(true)
  const replayed = replay(text)
  if (rewrite) writeFileSync(file, replayed)
  else expect(replayed).toBe(text)
})
