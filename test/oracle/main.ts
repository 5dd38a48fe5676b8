import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { until } from '../support/until.ts'
import { withCluster } from '../support/with-cluster.ts'
import { betterOf, type Grade, grades, judge, tallyOf, type Verdict } from './grade.ts'
import { belowRatchet, raised, reached, readRatchet, writeRatchet } from './ratchet.ts'
import { type AnsweredStep, lacksRecording, readRecording, readSteps } from './recording.ts'
import { replay } from './replay.ts'
import { differences, tableOf } from './report.ts'

/**
 * How many of the real kube-apiserver's recorded answers ours equal.
 *
 *     oracle [--recording FOLDER] [--scenario PREFIX] [--show N] [--grade G] [--out FILE]
 *            [--server URL --ca F --cert F --key F] [--answers FILE] [--ratchet] [--raise]
 *
 * Brings up a cluster of its own, or asks the `server`, or grades `answers` that were kept by
 * `out`. `ratchet`: exit code 1 when something is worse than test/oracle/ratchet.json says, in two
 * runs; `raise` writes there what is better now.
 */
const { values } = parseArgs({
  options: {
    recording: { type: 'string' },
    scenario: { type: 'string', default: '' },
    show: { type: 'string', default: '0' },
    grade: { type: 'string' },
    out: { type: 'string' },
    server: { type: 'string' },
    ca: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    answers: { type: 'string' },
    ratchet: { type: 'boolean', default: false },
    raise: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const mistake = wrongArguments()
  if (mistake !== undefined) return refuse(mistake)
  const recording = readRecording(values.recording)
  const steps = recording.filter(({ scenario }) => scenario.startsWith(values.scenario))
  if (steps.length === 0) return refuse(`no scenario of the recording begins "${values.scenario}"`)
  const ours = await answersTo(steps)
  if (values.out) writeFileSync(values.out, ours.map(step => `${JSON.stringify(step)}\n`).join(''))
  const verdicts = judge(steps, ours)
  const shown = differences(verdicts, Number(values.show), values.grade as Grade | undefined)
  if (shown) say(shown)
  say(tableOf(verdicts))
  if (values.raise) return raise(verdicts)
  return values.ratchet
    ? keepRatchet(verdicts, async () => judge(steps, await answersTo(steps)))
    : 0
}

function wrongArguments(): string | undefined {
  const { grade, server, ca, cert, key, scenario, ratchet, raise } = values
  if (grade !== undefined && !grades.some(each => each === grade)) {
    return `no grade "${grade}"; there are ${grades.join(', ')}`
  }
  if (server && !(ca && cert && key)) return '--server needs --ca, --cert and --key'
  if (scenario && (ratchet || raise))
    return 'the ratchet counts all scenarios: leave --scenario out'
  const lack = lacksRecording(values.recording)
  return lack && `skipped, ${lack}`
}

async function answersTo(steps: readonly AnsweredStep[]): Promise<AnsweredStep[]> {
  if (values.answers) return readSteps(values.answers)
  // What they answered stays here: a server is told no more than the request.
  const requests = steps.map(({ answer: _, ...step }) => step)
  const { server, ca, cert, key } = values
  if (server && ca && cert && key) {
    const text = (file: string) => readFileSync(file, 'utf8')
    return replay(requests, { server, tls: { ca: text(ca), cert: text(cert), key: text(key) } })
  }
  return withCluster({ config: apiOnly }, async cluster => {
    // The last of what a fresh cluster is given.
    await until('the defaults', async () => {
      return (
        (await cluster.kubectl('get', 'apiservice', 'v1.flowcontrol.apiserver.k8s.io')).code === 0
      )
    })
    return replay(requests, { server: cluster.api(1), tls: cluster.tls })
  })
}

/** API servers and nothing else: beside the recording's server there was nobody who wrote. */
function apiOnly(file: Record<string, unknown>): void {
  file.controllers = []
  file.scheduler = { enabled: false }
  // Upstream's.
  file.timings = { podEvictionSeconds: 300 }
  const peers = file.peers as Record<string, unknown>[]
  file.peers = peers.map(peer => ({ ...peer, roles: ['control-plane'] }))
}

function raise(verdicts: readonly Verdict[]): number {
  const [now, least] = [reached(tallyOf(verdicts)), readRatchet()]
  writeRatchet(now.steps === least.steps ? raised(now, least) : now)
  return 0
}

/** What is below is played once more, for an answer may have come before a controller's write. */
async function keepRatchet(
  verdicts: readonly Verdict[],
  again: () => Promise<Verdict[]>,
): Promise<number> {
  const below = (all: readonly Verdict[]) => belowRatchet(reached(tallyOf(all)), readRatchet())
  const first = below(verdicts)
  if (first.length === 0) return 0
  for (const text of first) say(`below the ratchet: ${text}`)
  // Answers that were kept are what they are.
  if (values.answers) return 1
  const second = below(betterOf(verdicts, await again()))
  for (const text of second) say(`below the ratchet in two runs: ${text}`)
  return second.length > 0 ? 1 : 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function refuse(text: string): number {
  process.stderr.write(`oracle: ${text}\n`)
  return 2
}
