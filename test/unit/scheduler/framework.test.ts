import { describe, expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import {
  decide,
  fitErrorText,
  normalizeByMax,
  normalizeByRange,
} from '../../../src/scheduler/framework/framework.ts'
import { ok, type Plugin, unschedulable } from '../../../src/scheduler/framework/types.ts'
import { defaultProfile } from '../../../src/scheduler/plugins/default-profile.ts'
import { cycleOf, nodeOf, nodesWith, podOf, requesting } from './fixtures.ts'

const prng = () => createPrng(1)

describe('decide', () => {
  test('the reasons of all nodes, counted, as kubectl describe shows them', () => {
    const nodes = nodesWith([
      [nodeOf('a', {}, { spec: { unschedulable: true } })],
      [nodeOf('b', {}, { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } })],
      [nodeOf('c'), podOf('q', {}, requesting('4', '1Gi'))],
      [nodeOf('d'), podOf('r', {}, requesting('4', '8Gi'))],
    ])
    const pod = podOf('p', {}, requesting('1', '1Gi'))
    const decision = decide(defaultProfile, cycleOf(pod, nodes), prng())
    expect(decision).toMatchObject({ nodeName: undefined, feasible: 0, total: 4 })
    expect(fitErrorText(decision)).toBe(
      '0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {x: }, ' +
        '1 node(s) were unschedulable, 2 Insufficient cpu.',
    )
  })

  test('no nodes at all', () => {
    const decision = decide(defaultProfile, cycleOf(podOf('p'), []), prng())
    expect(fitErrorText(decision)).toBe('no nodes available to schedule pods')
  })

  test('the first plugin that refuses a node has the word; the rest is not asked', () => {
    const asked: string[] = []
    const plugin = (name: string, refuses: string): Plugin => ({
      name,
      filter: (_cycle, node) => {
        asked.push(`${name} ${node.name}`)
        return node.name === refuses ? unschedulable(name) : ok
      },
    })
    const nodes = nodesWith([[nodeOf('a')], [nodeOf('b')]])
    const plugins = [plugin('first', 'a'), plugin('second', 'b')]
    const { reasons } = decide(plugins, cycleOf(podOf('p'), nodes), prng())
    expect(Object.fromEntries(reasons)).toEqual({ first: 1, second: 1 })
    expect(asked).toEqual(['first a', 'first b', 'second b'])
  })

  test('weights multiply normalized scores; only feasible nodes are scored', () => {
    const score = (name: string, weight: number, of: Record<string, number>): Plugin => ({
      name,
      weight,
      score: (_cycle, node) => of[node.name] ?? 0,
    })
    const refuse: Plugin = {
      name: 'refuse',
      filter: (_cycle, node) => (node.name === 'c' ? unschedulable('no') : ok),
    }
    const plugins = [refuse, score('x', 1, { a: 100, b: 0, c: 100 }), score('y', 3, { b: 50 })]
    const nodes = nodesWith([[nodeOf('a')], [nodeOf('b')], [nodeOf('c')]])
    const decision = decide(plugins, cycleOf(podOf('p'), nodes), prng())
    expect(Object.fromEntries(decision.scores)).toEqual({ a: 100, b: 150 })
    expect(decision).toMatchObject({ nodeName: 'b', feasible: 2, total: 3 })
  })

  test('equals are drawn by lot, and one seed is one lot', () => {
    const nodes = nodesWith([[nodeOf('a')], [nodeOf('b')], [nodeOf('c')]])
    const draw = (seed: number) => {
      const lot = createPrng(seed)
      return Array.from({ length: 60 }, () => decide([], cycleOf(podOf('p'), nodes), lot).nodeName)
    }
    expect(draw(7)).toEqual(draw(7))
    expect(new Set(draw(7))).toEqual(new Set(['a', 'b', 'c']))
  })
})

test.each<[string, number[], number[]]>([
  ['by max', normalizeByMax([0, 5, 10]), [0, 50, 100]],
  ['by max, reversed', normalizeByMax([0, 5, 10], true), [100, 50, 0]],
  ['nothing to compare', normalizeByMax([0, 0]), [0, 0]],
  ['nothing to compare, reversed', normalizeByMax([0, 0], true), [100, 100]],
  ['by range, with negative ones', normalizeByRange([-10, 0, 10]), [0, 50, 100]],
  ['by range, all equal', normalizeByRange([3, 3]), [0, 0]],
])('normalize %s', (_what, actual, expected) => {
  expect(actual).toEqual(expected)
})
