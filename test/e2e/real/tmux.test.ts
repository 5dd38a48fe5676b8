import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import {
  mainFile,
  type Ran,
  root,
  run,
  startCluster,
  type TestCluster,
} from '../../support/cluster.ts'
import { deploymentYaml } from '../../support/seed.ts'
import { until } from '../../support/until.ts'

/** The dashboard as people see it: a real cluster in a real terminal, driven by its keys. */
const socket = `quorate-${process.pid}`
const width = 120
const height = 36
const frameMs = 150
const testMs = 120_000
const noTmux = (await run('tmux', ['-V'])).code !== 0

let cluster: TestCluster
/** Every frame that was captured, to be checked at the end. */
const captured: string[] = []

const tmux = (...args: string[]): Promise<Ran> => run('tmux', ['-L', socket, ...args])

async function screen(): Promise<string> {
  const { out } = await tmux('capture-pane', '-p', '-t', 'tui')
  return out
}

/** A frame, kept for the check of all frames. Not too often: each is a process of its own. */
async function frame(): Promise<string> {
  await sleep(frameMs)
  const text = await screen()
  captured.push(text)
  return text
}

async function shows(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
  try {
    return await until(
      `${pattern} on the screen`,
      async () => {
        const text = await frame()
        return pattern.test(text) ? text : undefined
      },
      timeoutMs,
    )
  } catch (error) {
    throw new Error(`${String(error)}\n${captured.at(-1)}`)
  }
}

const press = (...keys: string[]) => tmux('send-keys', '-t', 'tui', ...keys)

beforeAll(async () => {
  if (noTmux) return
  cluster = await startCluster()
  await cluster.must('create', 'namespace', 'dev')
  const file = join(cluster.data, 'deployment.yaml')
  writeFileSync(file, deploymentYaml)
  await cluster.must('apply', '-n', 'dev', '-f', file)
  const command = `${process.execPath} ${mainFile} tui --data ${cluster.data}; echo ended $?; cat`
  await tmux(
    ...['new-session', '-d', '-s', 'tui', '-x', String(width), '-y', String(height)],
    ...['-c', root, command],
  )
}, 120_000)
afterAll(async () => {
  await tmux('kill-server')
  await cluster?.down()
}, 60_000)

test.skipIf(noTmux)(
  'live data agree with status and kubectl',
  async () => {
    // The first paint comes after the program's start; from then on no frame may be blank.
    await until('the first frame', async () => /WRITABLE 3\/3/.test(await screen()), 60_000)
    const text = await shows(/3 pods 3 running/, 60_000)
    const status = await cluster.status()
    expect(text).toContain(`leader ${status.leader}`)
    expect(text).toContain(`term ${status.term}`)
    const nodes = (await cluster.must('get', 'nodes', '--no-headers')).trim().split('\n')
    const pods = (await cluster.must('get', 'pods', '-A', '--no-headers')).trim().split('\n')
    const ready = nodes.filter(line => / Ready /.test(line)).length
    expect(text).toContain(`${nodes.length} nodes ${ready} ready  ${pods.length} pods`)
    expect(text).toContain(`5 CONTROL PLANE @ ${status.leader}`)
    await shows(/0 lost {2}0 duplicated/)
  },
  testMs,
)

test.skipIf(noTmux)(
  'X and y kill the leader: a new one, the time it took, and 0 lost',
  async () => {
    const before = await cluster.status()
    await press('X')
    await shows(new RegExp(`kill -9 ${before.leader} \\(L\\)\\?`))
    await press('y')
    const leader = await cluster.leader(before.leader ?? '')
    await shows(new RegExp(`leader ${leader} `))
    const text = await shows(/ \d[\d,]* ms without a write[\s\S]*reconcile \d/, 20_000)
    expect(text).toMatch(new RegExp(`FAILOVER #1 {2}${before.leader} killed`))
    // In the order of their times: on a fast machine a millisecond decides between two of them.
    for (const step of ['detect', 'vote', 'commit', 'API write']) {
      expect(text).toMatch(new RegExp(`^│.*${step} \\d+.*reconcile \\d`, 'm'))
    }
    const writes = Number(/probe: ([\d,]+) writes/.exec(text)?.[1]?.replace(/,/g, ''))
    // A judgement of the time after: the probe judges every few seconds.
    const judged = await until(
      'many more writes, judged',
      async () => {
        const now = await frame()
        const count = Number(/probe: ([\d,]+) writes/.exec(now)?.[1]?.replace(/,/g, ''))
        return count > writes + 20 && !/before #1/.test(now) ? now : undefined
      },
      40_000,
    )
    expect(judged).toMatch(/ 0 lost {2}0 duplicated/)
    const after = await cluster.status()
    expect(after.leader).toBe(leader)
    const now = await frame()
    expect(now).toContain(`term ${after.term}`)
    expect(now).toContain('WRITABLE 2/3')
    expect(now).toMatch(new RegExp(`${before.leader} X .*DOWN`))
    process.stdout.write(`${now}\n`)
  },
  testMs,
)

test.skipIf(noTmux)(
  'R brings the same peer back',
  async () => {
    await press('R')
    await shows(/restart peer-\d \(X\)\?/)
    await press('y')
    await shows(/WRITABLE 3\/3/, 60_000)
  },
  testMs,
)

test.skipIf(noTmux)(
  'other sizes',
  async () => {
    for (const [columns, rows] of [
      [80, 24],
      [200, 50],
      [59, 14],
    ] as const) {
      await tmux('resize-window', '-t', 'tui', '-x', String(columns), '-y', String(rows))
      const text = await until(`a frame of ${columns}x${rows}`, async () => {
        const now = await screen()
        const [first = ''] = now.split('\n')
        const filled = columns < 60 ? /^peer-\d L t\d+/.test(first) : / LIVE /.test(first)
        const fits = stringWidth(first) > columns - 12 || columns < 60
        return filled && fits ? now : undefined
      })
      for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
    }
  },
  testMs,
)

test.skipIf(noTmux)(
  'q gives the terminal back and removes what the probe made',
  async () => {
    await press('q')
    await until('the end', async () => /ended 0/.test(await screen()), 20_000)
    const left = await cluster.must('get', 'configmaps', '-n', 'quorate-probe', '-o', 'name')
    expect(left.trim().split('\n')).toEqual(['configmap/kube-root-ca.crt'])
    const once = await run(process.execPath, [mainFile, 'tui', '--data', cluster.data, '--once'])
    expect(once.code).toBe(0)
    expect(once.out).toContain('WRITABLE 3/3')
  },
  testMs,
)

test.skipIf(noTmux)(
  'no captured frame is blank or wider than the terminal',
  () => {
    expect(captured.length).toBeGreaterThan(20)
    for (const text of captured) {
      const lines = text.replace(/\n$/, '').split('\n')
      expect(lines.length).toBe(height)
      expect(lines.filter(line => line.trim() !== '').length).toBeGreaterThan(height * 0.6)
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
    }
  },
  testMs,
)
