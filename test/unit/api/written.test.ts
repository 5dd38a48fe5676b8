import { describe, expect, test } from 'vitest'
import { openApiNameOf, typeByName } from '../../../src/api/schema/lookup.ts'
import { asWritten } from '../../../src/api/schema/written.ts'
import { must } from '../../../src/kernel/assert.ts'

/** Each beside what kube-apiserver 1.35.4 answers to the same object. */
describe('as Go writes it', () => {
  const written = (apiVersion: string, kind: string, object: Record<string, unknown>) => {
    asWritten(must(typeByName(openApiNameOf(apiVersion, kind)), kind), object)
    return object
  }

  test('structs are there though they are empty, pointers are not', () => {
    expect(written('v1', 'Pod', { spec: { containers: [{ name: 'c', image: '' }] } })).toEqual({
      metadata: {},
      spec: { containers: [{ name: 'c', resources: {} }] },
      status: {},
    })
  })

  test('zeros go, unless a pointer says that they were meant', () => {
    const spec = { replicas: 0, minReadySeconds: 0, paused: false, selector: {} }
    expect(written('apps/v1', 'Deployment', { spec }).spec).toMatchObject({ replicas: 0 })
    expect(Object.keys(spec).sort()).toEqual(['replicas', 'selector', 'strategy', 'template'])
  })

  test('an empty list is null where Go writes it, and nowhere else', () => {
    expect(written('rbac.authorization.k8s.io/v1', 'Role', { rules: [] })).toEqual({
      metadata: {},
      rules: null,
    })
    const metadata = { finalizers: [], labels: {}, annotations: { a: '' } }
    expect(written('v1', 'ConfigMap', { metadata, data: {} })).toEqual({
      metadata: { annotations: { a: '' } },
    })
  })

  test('a time that is missing is null', () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] }
    expect(written('v1', 'Pod', { spec: { containers: [] }, status }).status).toEqual({
      conditions: [
        { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null },
      ],
    })
  })

  test('again changes nothing', () => {
    const once = written('v1', 'Service', { spec: { ports: [{ port: 1, targetPort: 0 }] } })
    expect(written('v1', 'Service', structuredClone(once))).toEqual(once)
  })
})
