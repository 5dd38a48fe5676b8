import { expect, test } from 'vitest'
import { normalise } from '../../oracle/normalise.ts'
import { namespaceOf } from '../../oracle/replay.ts'

const around = { namespace: 'o-x', server: new URL('https://127.0.0.1:6441') }
const uid = '0f0e0d0c-0b0a-4908-8706-050403020100'

test.each<[unknown, unknown]>([
  [{ uid, resourceVersion: '7', continue: 'abc', token: 't' }, words()],
  // What is empty says something.
  [
    { resourceVersion: '', continue: '' },
    { resourceVersion: '', continue: '' },
  ],
  [{ clusterIP: '127.8.0.1' }, { clusterIP: 'IP' }],
  [{ clusterIP: 'None' }, { clusterIP: 'None' }],
  [{ clusterIPs: ['10.0.0.1', 'None'] }, { clusterIPs: ['IP', 'IP'] }],
  [
    { nodePort: 30_001, port: 30_001 },
    { nodePort: 0, port: 30_001 },
  ],
  [{ port: 6441 }, { port: 0 }],
  ['pods "a" in o-x at 127.0.0.1:6441', 'pods "a" in $NS at SERVER'],
  ['2026-01-02T03:04:05.123456Z', 'TIME'],
  [`uid ${uid}`, 'uid UID'],
  ['kube-api-access-ab1c2', 'kube-api-access-XXXXX'],
  ['gen-ab1c2', 'gen-XXXXX'],
  [`${'g'.repeat(50)}ab1c2`, `${'g'.repeat(50)}XXXXX`],
  ['-----BEGIN CERTIFICATE-----', 'PEM'],
  [{ cells: ['a', '3m2s', '10.0.0.9', '80:30123/TCP', 5] }, { cells: cells() }],
  [
    { a: null, b: [true] },
    { a: null, b: [true] },
  ],
  // Nothing of a malformed answer stops a replay.
  [
    { clusterIPs: null, cells: 'x' },
    { clusterIPs: null, cells: 'x' },
  ],
])('%j', (value, expected) => {
  expect(normalise(value, around)).toEqual(expected)
})

function words() {
  return { uid: 'UID', resourceVersion: 'RV', continue: 'CONT', token: 'TOKEN' }
}

function cells() {
  return ['a', 'AGE', 'IP', '80:NODEPORT/TCP', 5]
}

test('rules of a review come in no order', () => {
  const rules = [{ verbs: ['get'], nonResourceURLs: ['/b', '/a'] }, { verbs: ['a'] }]
  const turned = [{ verbs: ['a'] }, { verbs: ['get'], nonResourceURLs: ['/a', '/b'] }]
  const of = (nonResourceRules: unknown) => normalise({ nonResourceRules }, around)
  expect(of(rules)).toEqual(of(turned))
})

test("a scenario's namespace", () => {
  expect(namespaceOf('crud-HPA v2')).toBe('o-crud-hpa-v2')
})
