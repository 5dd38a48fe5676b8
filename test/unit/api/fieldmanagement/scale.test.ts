import { expect, test } from 'vitest'
import { managerMistakes, managerOf } from '../../../../src/api/fieldmanagement/manager-name.ts'
import {
  ownersAfterScale,
  ownersOfScale,
  replicasPath,
} from '../../../../src/api/fieldmanagement/scale.ts'
import type { Json } from '../../../../src/api/types.ts'

const replicas = new Map([['apps/v1', replicasPath]])
const own = { 'f:spec': { 'f:replicas': {} } }

function entry(manager: string, operation: string, apiVersion: string, fieldsV1: Json, more = {}) {
  return { manager, operation, apiVersion, fieldsType: 'FieldsV1', fieldsV1, ...more } as Json
}

test('who owns the replicas of an object owns those of its scale', () => {
  const entries = [
    entry('a', 'Apply', 'apps/v1', { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }),
    entry('b', 'Apply', 'apps/v1', { 'f:spec': { 'f:selector': {} } }),
    entry('c', 'Update', 'apps/v1beta1', own),
  ]
  expect(ownersOfScale({ entries, apiVersion: 'apps/v1', replicas })).toEqual([
    entry('a', 'Apply', 'autoscaling/v1', own),
  ])
})

test('who scales takes the replicas from who had them', () => {
  const entries = [
    entry('a', 'Apply', 'apps/v1', { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }),
    entry('b', 'Apply', 'apps/v1', own),
  ]
  const owners = { entries, apiVersion: 'apps/v1', replicas }
  const scaled = entry('s', 'Update', 'autoscaling/v1', own, { subresource: 'scale' })
  expect(ownersAfterScale(owners, [scaled])).toEqual([
    entry('a', 'Apply', 'apps/v1', { 'f:spec': { 'f:selector': {} } }),
    entry('s', 'Update', 'apps/v1', own, { subresource: 'scale' }),
  ])
  const kept = [entry('b', 'Apply', 'autoscaling/v1', own)]
  expect(ownersAfterScale(owners, kept)).toEqual([
    entry('a', 'Apply', 'apps/v1', { 'f:spec': { 'f:selector': {} } }),
    entries[1],
  ])
})

test.each([
  ['m', 'kubectl/v1.35', 'm'],
  ['', 'kubectl/v1.35.0 (linux/amd64)', 'kubectl'],
  ['', 'kube-controller-manager', 'kube-controller-manager'],
  ['', '', 'unknown'],
  ['', '/x', 'unknown'],
  ['', 'a\u0007b\u200bc', 'abc'],
  ['', 'x'.repeat(200), 'x'.repeat(128)],
  ['', 'é'.repeat(100), 'é'.repeat(64)],
])('manager %j and user agent %j are %s', (manager, agent, name) => {
  expect(managerOf(manager, agent)).toBe(name)
})

test('a manager is short and can be printed', () => {
  expect(managerMistakes('x'.repeat(128))).toEqual({ isTooLong: false, characters: [] })
  expect(managerMistakes('é'.repeat(65)).isTooLong).toBe(true)
  expect(managerMistakes('aé\nb').characters).toEqual(['invalid character U+000A (at position 3)'])
})
