import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { sleep } from '../../../src/kernel/clock.ts'
import { until } from '../../support/until.ts'
import { etcdctl, type Ran } from '../../unit/etcd/etcdctl.ts'
import type { Step } from './etcdctl-script.ts'

/** One cluster under test: how etcdctl reaches it, and what the script has saved of it. */
export interface Side {
  readonly flags: readonly string[]
  readonly endpoint: string
  readonly vars: Record<string, string>
}

/** What a step gave, ready to be compared. */
export interface Outcome {
  readonly words: string
  readonly code: number
  readonly lines: readonly string[]
}

const backgroundMs = 15_000
/** A busy machine is no difference: etcdctl by itself waits 2 s for a connection, and 5 in all. */
const patience = ['--dial-timeout=30s', '--command-timeout=60s']

/** Runs one step, and those beside it; the outcomes in order. */
export async function runStep(side: Side, step: Step): Promise<Outcome[]> {
  if (step.waitMs !== undefined) await sleep(step.waitMs)
  const flags = [...side.flags, ...patience, '--endpoints', side.endpoint]
  const args = [...flags, ...step.args.map(fill(side.vars))]
  const beside: Outcome[] = []
  const ran =
    step.during === undefined
      ? await etcdctl(args, step.input)
      : await background(side, args, step, async () => {
          for (const other of step.during!.steps) beside.push(...(await runStep(side, other)))
        })
  for (const [name, pattern] of Object.entries(step.save ?? {})) {
    side.vars[name] = pattern.exec(ran.out)?.[1] ?? 'none'
  }
  return [outcomeOf(step, ran, side), ...beside]
}

/** `$name` and `$name+1` in an argument. */
function fill(vars: Readonly<Record<string, string>>): (argument: string) => string {
  return argument =>
    argument.replace(/\$([a-z]+)(\+\d+)?/g, (_all, name: string, more?: string) => {
      const value = vars[name] ?? 'none'
      return more === undefined ? value : String(Number(value) + Number(more))
    })
}

/** A call that does not end by itself: interrupted when it has said enough. */
async function background(
  side: Side,
  args: string[],
  step: Step,
  act: () => Promise<void>,
): Promise<Ran> {
  const isWatch = step.args.includes('watch') && step.during!.steps.length > 0
  const watchersBefore = isWatch ? await watchersOf(side) : 0
  const env = { PATH: process.env.PATH, ETCDCTL_API: '3' }
  const child = spawn('etcdctl', args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let out = ''
  let err = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  child.stdin.on('error', () => {})
  if (step.input !== undefined) child.stdin.write(step.input)
  const lines = () => (out + err).split('\n').length - 1
  const hasBegun = async () => (isWatch ? (await watchersOf(side)) > watchersBefore : lines() > 0)
  if (step.during!.steps.length > 0) {
    const what = `${step.args.join(' ')} has begun`
    await until(what, async () => child.exitCode !== null || (await hasBegun()), backgroundMs)
  }
  await act()
  const deadline = performance.now() + backgroundMs
  while (lines() < step.during!.lines && child.exitCode === null && performance.now() < deadline) {
    await sleep(20)
  }
  await sleep(50)
  const code = child.exitCode ?? 0
  child.kill('SIGINT')
  const killer = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await ended
  clearTimeout(killer)
  return { code, out, err: err.replace(/^Error: context canceled\n/m, '') }
}

/** How many watches the server has: one more, when that of a call without a revision is made. */
async function watchersOf({ flags, endpoint }: Side): Promise<number> {
  const file = (name: string) => readFileSync(flags[flags.indexOf(name) + 1]!)
  const tls = { ca: file('--cacert'), cert: file('--cert'), key: file('--key') }
  const text = await new Promise<string>((resolve, reject) => {
    const request = get(`${endpoint}/metrics`, { ...tls, agent: false }, response => {
      let body = ''
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve(body))
    })
    request.on('error', reject)
  })
  const count = /^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(text)?.[1]
  if (count === undefined) throw new Error(`no number of watchers in the metrics of ${endpoint}`)
  return Number(count)
}

function outcomeOf(step: Step, ran: Ran, side: Side): Outcome {
  const lines = (ran.out + ran.err).split('\n').map(line => normalLine(line, side))
  if (step.unordered) lines.sort()
  return { words: step.args.join(' '), code: ran.code, lines: step.codeOnly ? [] : lines }
}

const base = (side: Side) => Number(side.vars.base)

/** Replaced in text: times, sizes, IDs, addresses, versions. */
const replacements: readonly [RegExp, string][] = [
  [/https?:\/\/(127\.0\.0\.1|localhost):\d{4,5}/g, 'URL'],
  [/127\.0\.0\.1:\d{4,5}/g, 'URL'],
  [/\b\d+(\.\d+)?(ns|µs|us|ms|s)\b/g, 'TIME'],
  [/\{"level".*\}/g, 'LOG'],
  [/^.*"level":"warn".*$/g, 'LOG'],
  [/\b3\.[45]\.\d+\b/g, 'VERSION'],
  [/\b\d+(\.\d+)? [kM]?B\b/g, 'SIZE'],
  [/remaining\(\d+s?\)|remaining\(TIME\)/g, 'remaining(TIME)'],
  [/\b(?=[0-9a-f]*[0-9])[0-9a-f]{7,16}\b/g, 'ID'],
  [/\b\d{12,20}\b/g, 'ID'],
  // etcdctl pads IDs with spaces.
  [/ +ID\b/g, ' ID'],
]

/** One line of output without what differs between any two clusters. */
function normalLine(line: string, side: Side): string {
  if (/^[[{]/.test(line) && !line.startsWith('{"level"')) {
    try {
      return JSON.stringify(normalJson(JSON.parse(line.replace(/:(\d{16,20})\b/g, ':"$1"')), side))
    } catch {
      // Not JSON after all.
    }
  }
  const relative = line
    .replace(/("(?:Create|Mod|)Revision" : )(\d+)/g, (_all, head, n) => head + relativeTo(n, side))
    .replace(/(compacted revision )(\d+)/g, (_all, head, n) => head + relativeTo(n, side))
    .replace(/(?<=^ETCD_INITIAL_CLUSTER=").*(?="$)/, list => list.split(',').sort().join(','))
    .replace(/(?<=attached keys\(\[)[^\]]*/, keys => keys.split(' ').sort().join(' '))
    .replace(/("RaftTerm" : )\d+/g, '$1TERM')
    .replace(/(, )(\d+), (\d+), (\d+), $/, '$1TERM, INDEX, INDEX, ')
    .replace(/("(?:TTL|GrantedTTL)" : )9\d\b/g, '$1TTL')
  return replacements.reduce((text, [pattern, to]) => text.replace(pattern, to), relative)
}

const revisionKeys = new Set(['revision', 'create_revision', 'mod_revision', 'compact_revision'])
const variedKeys =
  /^(cluster_id|member_id|raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|dbSizeQuota|leader|ID|id|lease|version|hash|took|Endpoint|endpoint|peerURLs|clientURLs|ttl)$/

function normalJson(value: unknown, side: Side, name = ''): unknown {
  if (revisionKeys.has(name)) return relativeTo(String(value), side)
  if (variedKeys.test(name)) return 'X'
  if (Array.isArray(value)) {
    const items = value.map(item => normalJson(item, side))
    return name === 'members' ? items.map(item => JSON.stringify(item)).sort() : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'dbSizeQuota')
  return Object.fromEntries(entries.map(([key, item]) => [key, normalJson(item, side, key)]))
}

/** A revision counted from where the script began; 0 and 1 are what they are. */
function relativeTo(text: string, side: Side): string {
  const revision = Number(text)
  return revision <= 1 ? text : `base+${revision - base(side)}`
}
