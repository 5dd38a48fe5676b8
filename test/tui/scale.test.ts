import { expect, test } from 'vitest'
import { quantile } from '../../src/kernel/statistics.ts'
import { initialUi } from '../../tui/keys/dispatch.ts'
import { reduce } from '../../tui/model/reduce.ts'
import type { Model, PodHealth, PodState, SourceEvent } from '../../tui/model/types.ts'
import { PodStates } from '../../tui/source/objects.ts'
import { makeTheme } from '../../tui/theme/theme.ts'
import { screenView } from '../../tui/views/screen.ts'
import type { Ui } from '../../tui/views/types.ts'
import {
  faultEvent,
  leaderReport,
  noon,
  outage,
  play,
  raft,
  report,
  start,
  steady,
} from './model.ts'

const theme = makeTheme({ ascii: false, colours: 'true' })
const healths: readonly PodHealth[] = ['running', 'running', 'running', 'pending', 'failing']

function manyNodes(count: number) {
  const node = steady().nodes[0]!
  return Array.from({ length: count }, (_, index) => ({ ...node, name: `node-${index}` }))
}

function manyPods(count: number, nodes: number): PodState[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ namespace: 'dev', name: `web-${index}`, node: `node-${index % nodes}` },
    health: healths[index % healths.length]!,
    ...{ cpuMilli: 10, memoryBytes: 2 ** 20 },
  }))
}

function large(list: readonly PodState[]): Model {
  return play(steady(), [
    { type: 'nodes', list: manyNodes(50) },
    { type: 'pods', list },
  ])
}

const draw = (model: Model, ui: Ui = initialUi) =>
  screenView({ model, ui, theme, width: 200, height: 50 })

test('a frame looks at no pod that it does not show, however many there are', () => {
  let reads = 0
  const counted = manyPods(5_000, 50).map(
    pod =>
      new Proxy(pod, {
        get(target, key, receiver) {
          reads++
          return Reflect.get(target, key, receiver)
        },
      }),
  )
  const model = large(counted)
  reads = 0
  draw(model)
  expect(reads).toBe(0)
  draw(model, { ...initialUi, focus: 4, zoomed: true, scroll: 2_000 })
  expect(reads).toBeGreaterThan(0)
  // Name, namespace, health (twice) and node of each row.
  expect(reads).toBeLessThanOrEqual(50 * 6)
})

test('what it costs with 5,000 pods on 50 nodes, told and not judged: the machine may be busy', () => {
  const list = manyPods(5_000, 50)
  const model = large(list)
  const costs = [
    ['a frame of 200x50', () => draw(model)],
    ['the list of pods', () => draw(model, { ...initialUi, focus: 4, zoomed: true })],
    ['counting the pods, once for each change', () => reduce(model, { type: 'pods', list })],
  ] as const
  for (const [what, action] of costs) {
    const times = Array.from({ length: 100 }, () => {
      const began = process.cpuUsage()
      action()
      const { user, system } = process.cpuUsage(began)
      return (user + system) / 1_000
    }).slice(20)
    const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)]
    process.stdout.write(`${what}: ${p50.toFixed(1)} ms of CPU, p95 ${p95.toFixed(1)} ms\n`)
  }
  expect(draw(model)).toHaveLength(50)
})

test('a pod that did not change is not looked at again', () => {
  let reads = 0
  const pod = (index: number) => ({
    metadata: { name: `web-${index}`, namespace: 'dev' },
    spec: { nodeName: 'node-1' },
    get status() {
      reads++
      return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    },
  })
  const node = (status: string) => ({
    ...{ metadata: { name: 'node-1' }, status: { conditions: [{ type: 'Ready', status }] } },
  })
  const pods = Array.from({ length: 100 }, (_, index) => pod(index))
  const states = new PodStates()
  type Args = Parameters<PodStates['changed']>
  const changed = (list: readonly unknown[], ready: string) =>
    states.changed(list as Args[0], [node(ready)] as unknown as Args[1])
  expect(changed(pods, 'True')?.map(({ health }) => health)).toEqual(pods.map(() => 'running'))
  expect(reads).toBe(100)
  // A heartbeat of the node.
  expect(changed(pods, 'True')).toBeUndefined()
  expect(reads).toBe(100)
  expect(changed([...pods.slice(1), pod(200)], 'True')).toHaveLength(100)
  expect(reads).toBe(101)
  expect(changed(pods.slice(1), 'True')).toHaveLength(99)
  expect(changed(pods.slice(1), 'False')?.[0]?.health).toBe('lost')
})

/** One failover a second, with all that is told of it, and a line of 10 kB. */
function* hours(seconds: number): Generator<SourceEvent> {
  const names = ['peer-1', 'peer-2', 'peer-3', 'peer-4', 'peer-5']
  for (let second = 1; second <= seconds; second++) {
    const at = noon + second * 1_000
    const term = 7 + second
    const [old = '', leader = ''] = [names[(second - 1) % 5], names[second % 5]]
    yield faultEvent(at, 'kill', old)
    yield raft(at + 10, leader, { type: 'no-leader', term: term - 1 })
    yield raft(at + 20, leader, { type: 'follows', leader, term })
    yield raft(at + 30, leader, { type: 'elected', term })
    yield { type: 'report', at: at + 40, peer: leader, report: leaderReport(leader, term) }
    yield { type: 'report', at: at + 40, peer: old, report: report(old, { term, leader }) }
    yield { type: 'discovered', peer: `stranger-${second}`, admin: '' }
    const line = { source: 'kubelet', kind: 'KUBE', level: 'info' } as const
    yield { type: 'log', line: { ...line, at, message: 'x'.repeat(10_000) } }
    yield { type: 'pods', list: manyPods(20, 50).map(pod => ({ ...pod, name: `p-${second}` })) }
    yield { type: 'probe', probe: steady().probe, outages: [outage(at)] }
    yield { type: 'tick', now: at + 500 }
  }
}

/** Every string, number and entry that a value holds. */
function weightOf(value: unknown, seen = new Set<object>()): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null || seen.has(value)) return 1
  seen.add(value)
  const parts = value instanceof Map ? [...value] : Object.values(value)
  return parts.reduce((sum: number, part) => sum + weightOf(part, seen), 1)
}

test('the model does not grow with time, whatever is told', () => {
  let model = start()
  const weights: number[] = []
  let told = 0
  for (const event of hours(1_500)) {
    model = reduce(model, event)
    if (event.type === 'tick' && ++told % 300 === 0) weights.push(weightOf(model))
  }
  const sizes = Object.entries(model).flatMap(([name, value]) =>
    Array.isArray(value) ? [[name, value.length] as const] : [],
  )
  for (const [name, size] of sizes) expect(size, name).toBeLessThanOrEqual(500)
  expect(model.failoverCount).toBeGreaterThan(1_000)
  // Full after the first 300; numbers in it grow by a digit.
  const [full = 0, ...later] = weights
  for (const weight of later) expect(weight / full).toBeLessThan(1.05)
})
