import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Does the simulator find bugs? Each mutant is a copy of the built tree with one bug planted in its
 * text; the simulator must turn red on it. Exit code 1 if a mutant survives.
 *
 *     node dist/test/sim/mutations.js [--seeds N] [--only WORD]
 */
interface Mutation {
  readonly bug: string
  /** World in which it is looked for; any without. */
  readonly scenario?: string
  readonly edits: readonly Edit[]
}

interface Edit {
  /** Below dist/src. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const one = (bug: string, file: string, from: string, to: string, scenario?: string): Mutation => ({
  ...{ bug, edits: [{ file, from, to }] },
  ...(scenario === undefined ? {} : { scenario }),
})

const mutations: readonly Mutation[] = [
  one(
    'a second vote in one term',
    'raft/election.js',
    'core.vote === message.from || (core.vote === null && core.leader === null)',
    'true',
  ),
  one(
    "committing an old term's entry by counting",
    'raft/replication.js',
    'index > core.committed && core.log.term(index) === core.term',
    'index > core.committed',
    'trickle',
  ),
  one(
    'answering an append before the fsync',
    'store/driver.js',
    'let synced;',
    'this.outgoing.send(ready.messagesAfterSync); let synced;',
    'crashes',
  ),
  one(
    'applying a repeated proposal twice',
    'store/dedupe.js',
    'if (row.applied.has(sequence))',
    'if (false)',
  ),
  one(
    'keeping a torn tail',
    'wal/frame.js',
    'return good ? { number, payload } : undefined',
    'return { number, payload }',
    'elections',
  ),
  one(
    'serving a read without ReadIndex',
    'raft/read-index.js',
    'return confirmed.length >= majority(voters)',
    'return true',
    'partitions',
  ),
  one(
    'forgetting the vote at restart',
    'raft/core.js',
    'this.vote = start.hardState.vote',
    'this.vote = null',
    'elections',
  ),
  one(
    'a snapshot without the table of applied proposals',
    'store/dedupe.js',
    'for (const sequence of applied)',
    'for (const sequence of [])',
  ),
  one(
    'a lease lives on after its time',
    'store/lessor.js',
    'const timer = this.#queue.takeDue(now);',
    'const timer = undefined;',
  ),
  one(
    'a lease ends early',
    'store/lessor.js',
    'const dueAt = from + ttlSeconds * 1000;',
    'const dueAt = from + ttlSeconds * 500;',
    'crashes',
  ),
  one(
    'a lease ends for its age right after a renewal',
    'mvcc/mvcc.js',
    'renewals !== undefined && renewals !== lease.renewals',
    'false',
    'churn',
  ),
  one(
    'a watch skips what a snapshot brought',
    'store/watchers.js',
    '#endIfCompacted(mvcc, watcher) {',
    `#endIfCompacted(mvcc, watcher) {
        if (watcher.mvcc !== undefined && watcher.mvcc !== mvcc) watcher.next = mvcc.revision + 1;
        watcher.mvcc = mvcc;`,
  ),
  one(
    'a watch skips an event when it resumes',
    'store/watchers.js',
    'const next = request.startRevision ||',
    'const next = (request.startRevision && request.startRevision + 1) ||',
  ),
  one(
    'an event is delivered twice when a watch resumes',
    'store/watchers.js',
    'const next = request.startRevision ||',
    'const next = Math.max(0, request.startRevision - 1) ||',
  ),
  one(
    'a watch passes over a compaction in silence',
    'store/watchers.js',
    '#endIfCompacted(mvcc, watcher) {',
    `#endIfCompacted(mvcc, watcher) {
        if (watcher.next < mvcc.floor) watcher.next = mvcc.floor;`,
    'partitions',
  ),
  one(
    'a revision is used again after a restart',
    'mvcc/mvcc.js',
    'this.#revision = slice.revision;',
    'this.#revision = slice.revision - 1;',
    'crashes',
  ),
  one(
    'compaction removes a live key',
    'mvcc/history.js',
    'return rows.isDelete(id) && rows.mod(id) < floor',
    'return rows.mod(id) < floor',
  ),
  one(
    'a transaction compares with what is not committed yet',
    'store/replica.js',
    "const action = { type: 'txn', compares, success, failure };",
    `const isMet = ({ key, operand }) =>
            (this.machine.mvcc.range({ type: 'range', key }).range.kvs[0]?.modRevision ?? 0) === operand;
        const action = { type: 'txn', compares: compares.filter(each => !isMet(each)), success, failure };`,
  ),
  {
    bug: 'a removed member is still counted',
    scenario: 'churn',
    edits: [
      {
        file: 'raft/core.js',
        from: 'if (!others.includes(id))\n            core.progress.delete(id);',
        to: ';',
      },
      {
        file: 'raft/replication.js',
        from: 'quorumIndex(core.membership.voters,',
        to: `quorumIndex([...new Set([...core.membership.voters, ...core.progress.keys()])]
          .filter(id => !core.membership.learners.includes(id)),`,
      },
    ],
  },
  one(
    'a learner is counted',
    'raft/replication.js',
    'quorumIndex(core.membership.voters,',
    'quorumIndex([...core.membership.voters, ...core.membership.learners],',
    'churn',
  ),
  one(
    'permissions are not checked on what a follower passes on',
    'store/proposer.js',
    'packCommand({ ...identity, settledBelow, fence, caller, action })',
    `packCommand({ ...identity, settledBelow, fence, action,
            caller: core.role === 'leader' ? caller : undefined })`,
  ),
  {
    bug: 'a value without bytes lies in a slab that does not count it',
    edits: [
      ...[
        'if (value.length === 0)\n            return { slab: nowhere, offset: 0 };',
        'if (length === 0)\n            return noBytes;',
        'if (length === 0)\n            return;',
      ].map(from => ({ file: 'mvcc/slab.js', from, to: '' })),
    ],
  },
  {
    bug: 'the etcd face notes the revision from a watch of its own',
    edits: [
      {
        file: 'etcd/position.js',
        from: 'start() {',
        to: `start() {
        this.noted = this.#store.revision;
        const onBatch = ({ revision }) => { this.noted = Math.max(this.noted, revision); };
        this.#store.watch({ key: 'nobody writes this' }, { onBatch, onEnd: () => {} });`,
      },
      { file: 'etcd/position.js', from: 'return this.#store.revision;', to: 'return this.noted;' },
    ],
  },
  one(
    'a new disk votes at once',
    'store/hello.js',
    'this.#isWaiting = fresh && others.length > 0',
    'this.#isWaiting = false',
    'elections',
  ),
  one(
    'a worker and a removed peer are heard like members',
    'store/senders.js',
    "return this.#isMember(id) || this.#introduced.has(id) ? 'member' : 'stranger'",
    "return 'member'",
  ),
  {
    bug: 'the records forget a member before Raft does',
    scenario: 'churn',
    edits: [
      {
        file: 'store/replica.js',
        from: "return this.changeMembership({ kind: 'remove', id }, true);",
        to: `const removed = await this.#propose({ type: 'member-remove', id });
        return removed.ok ? this.changeMembership({ kind: 'remove', id }) : removed;`,
      },
      {
        file: 'store/driver.js',
        from: "if (change.kind === 'remove' && roster.isRemoved(change.id))",
        to: 'if (false)',
      },
      {
        file: 'store/replica.js',
        from: 'return this.machine.roster.isRemoved(id) || (id === this.core.id && this.wasRemoved);',
        to: 'return !voters.includes(id) && !learners.includes(id);',
      },
    ],
  },
  one(
    'what is proposed in the turn of a hand-over is dropped',
    'store/driver.js',
    'this.proposer.putBack(ready.notProposed);',
    ';',
  ),
  {
    bug: 'a repeated hand-over starts its time anew, whoever does not answer',
    edits: [
      {
        file: 'raft/replication.js',
        from: 'if (target === undefined || core.transferee === target)',
        to: 'if (target === undefined)',
      },
      {
        file: 'raft/replication.js',
        from: 'return failed === undefined ||',
        to: 'return true ||',
      },
    ],
  },
  one(
    'a proposal is appended without being read',
    'store/proposer.js',
    "if (typeof command === 'string')",
    "if (typeof command === 'string') this.#enqueue(bytes); else if (false)",
  ),
]

/** Longest time for the seeds of one mutant. */
const mutantMsMax = 240_000

const here = path.dirname(fileURLToPath(import.meta.url))
const dist = path.resolve(here, '../..')
const mutants = path.join(dist, '.mutants')
/** Mutants that are hunted at one time. */
const atOnce = 2

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Copies what the simulator needs, with the bug in it. */
function plant({ bug, edits }: Mutation, name: string): string {
  const directory = path.join(mutants, name)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const folder of ['kernel', 'mvcc', 'raft', 'wal', 'store', 'p2p', 'etcd']) {
    const source = path.join(dist, 'src', folder)
    cpSync(source, path.join(directory, 'src', folder), { recursive: true })
  }
  for (const folder of ['test/sim', 'test/support']) {
    cpSync(path.join(dist, folder), path.join(directory, folder), { recursive: true })
  }
  for (const { file, from, to } of edits) {
    const target = path.join(directory, 'src', file)
    const text = readFileSync(target, 'utf8')
    const parts = text.split(from)
    const isOnce = parts.length === 2
    if (!isOnce && !(parts.length > 2 && edits.length === 1)) {
      throw new Error(`"${bug}": its text occurs ${parts.length - 1} times in ${file}`)
    }
    writeFileSync(target, parts.join(to))
  }
  return directory
}

/** The seed that turned red, and why; undefined when the mutant survived. */
function hunt(
  directory: string,
  seeds: string,
  scenario: string | undefined,
): Promise<string | undefined> {
  return new Promise(resolve => {
    const main = path.join(directory, 'test/sim/main.js')
    const kind = scenario === undefined ? [] : ['--scenario', scenario]
    const args = [main, '--seeds', seeds, ...kind]
    const child = spawn(process.execPath, args, { timeout: mutantMsMax })
    let output = ''
    child.stdout.on('data', data => {
      output += data
    })
    child.stderr.on('data', data => {
      output += data
    })
    child.on('close', code => {
      const found = /seed (\d+) failed: (.*)/.exec(output)
      if (found !== null) resolve(`seed ${found[1]}: ${found[2]}`)
      else resolve(code === 0 || code === null ? undefined : `exit code ${code}`)
    })
  })
}

async function main(): Promise<number> {
  const seeds = argument('seeds') ?? '400'
  const only = argument('only')
  const chosen = mutations.filter(({ bug }) => only === undefined || bug.includes(only))
  let survivors = 0
  let next = 0
  const hunter = async (name: string) => {
    for (let mutation = chosen[next++]; mutation !== undefined; mutation = chosen[next++]) {
      const began = performance.now()
      const found = await hunt(plant(mutation, name), seeds, mutation.scenario)
      if (found === undefined) survivors++
      const took = `${((performance.now() - began) / 1000).toFixed(1)} s`.padStart(7)
      console.log(`${mutation.bug.padEnd(58)} ${took}  ${(found ?? 'SURVIVED').slice(0, 110)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, (_, at) => hunter(String(at))))
  rmSync(mutants, { recursive: true, force: true })
  console.log(`${chosen.length - survivors} of ${chosen.length} bugs found`)
  return survivors === 0 ? 0 : 1
}

process.exit(await main())
