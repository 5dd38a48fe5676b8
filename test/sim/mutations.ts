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
  /** Below dist/src. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const mutations: readonly Mutation[] = [
  {
    bug: 'a second vote in one term',
    file: 'raft/election.js',
    from: 'core.vote === message.from || (core.vote === null && core.leader === null)',
    to: 'true',
  },
  {
    bug: "committing an old term's entry by counting",
    file: 'raft/replication.js',
    from: 'index > core.committed && core.log.term(index) === core.term',
    to: 'index > core.committed',
  },
  {
    bug: 'answering an append before the fsync',
    file: 'store/driver.js',
    from: `const synced = this.#persist(ready);
        this.#sendMessages(ready.messagesAfterSync);
        this.#flush();`,
    to: `this.#sendMessages(ready.messagesAfterSync);
        this.#flush();
        const synced = this.#persist(ready);`,
  },
  {
    bug: 'applying a repeated proposal twice',
    file: 'store/dedupe.js',
    from: 'if (row.applied.has(sequence))',
    to: 'if (false)',
  },
  {
    bug: 'keeping a torn tail',
    file: 'wal/frame.js',
    from: 'return good ? { number, payload } : undefined',
    to: 'return { number, payload }',
  },
  {
    bug: 'serving a read without ReadIndex',
    file: 'raft/read-index.js',
    from: 'return confirmed.length >= majority(voters)',
    to: 'return true',
  },
  {
    bug: 'forgetting the vote at restart',
    file: 'raft/core.js',
    from: 'this.vote = start.hardState.vote',
    to: 'this.vote = null',
  },
  {
    bug: 'a snapshot without the table of applied proposals',
    file: 'store/dedupe.js',
    from: 'for (const sequence of applied)',
    to: 'for (const sequence of [])',
  },
]

/** Longest time for the seeds of one mutant. */
const mutantMsMax = 240_000

const here = path.dirname(fileURLToPath(import.meta.url))
const dist = path.resolve(here, '../..')

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Copies what the simulator needs, with the bug in it. */
function plant({ bug, file, from, to }: Mutation): string {
  const directory = path.join(dist, '.mutant')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const folder of ['kernel', 'mvcc', 'raft', 'wal', 'store', 'p2p']) {
    const source = path.join(dist, 'src', folder)
    cpSync(source, path.join(directory, 'src', folder), { recursive: true })
  }
  cpSync(path.join(dist, 'test/sim'), path.join(directory, 'test/sim'), { recursive: true })
  const target = path.join(directory, 'src', file)
  const text = readFileSync(target, 'utf8')
  const parts = text.split(from)
  if (parts.length !== 2) {
    throw new Error(`"${bug}": its text occurs ${parts.length - 1} times in ${file}`)
  }
  writeFileSync(target, parts.join(to))
  return directory
}

/** The seed that turned red, and why; undefined when the mutant survived. */
function hunt(directory: string, seeds: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const main = path.join(directory, 'test/sim/main.js')
    const child = spawn(process.execPath, [main, '--seeds', seeds], { timeout: mutantMsMax })
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
  for (const mutation of chosen) {
    const found = await hunt(plant(mutation), seeds)
    if (found === undefined) survivors++
    console.log(`${mutation.bug.padEnd(52)} ${(found ?? 'SURVIVED').slice(0, 120)}`)
  }
  rmSync(path.join(dist, '.mutant'), { recursive: true, force: true })
  console.log(`${chosen.length - survivors} of ${chosen.length} bugs found`)
  return survivors === 0 ? 0 : 1
}

process.exit(await main())
