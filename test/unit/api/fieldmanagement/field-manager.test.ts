import { expect, test } from 'vitest'
import {
  applyManaged,
  type FieldManager,
  keepTimes,
  trackUpdate,
} from '../../../../src/api/fieldmanagement/field-manager.ts'
import { modelOfKind } from '../../../../src/api/fieldmanagement/model.ts'
import { versionsFor } from '../../../../src/api/fieldmanagement/row-versions.ts'
import { deployments } from '../../../../src/api/resources/apps.ts'
import { configMaps, events } from '../../../../src/api/resources/core.ts'
import type { ResourceRow, ServedVersion } from '../../../../src/api/resources/types.ts'
import { StatusError } from '../../../../src/api/status.ts'
import type { KubeObject } from '../../../../src/api/types.ts'

interface Who {
  readonly row?: ResourceRow
  readonly asked?: ServedVersion
  readonly subresource?: string
  readonly now?: string
}

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`

function by(
  manager: string,
  { row = configMaps, asked = row, subresource = '', now = at(0) }: Who = {},
): FieldManager {
  return {
    manager,
    kind: row.kind,
    subresource,
    now,
    versions: versionsFor(row, asked, subresource),
  }
}

const map = (data: Record<string, string>, metadata: object = {}): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', ...metadata } },
  data,
})

/** An object that is stored. */
function stored(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid: 'u' } }
}

function created(object: KubeObject, manager: FieldManager): KubeObject {
  const next = structuredClone(object)
  trackUpdate(undefined, next, manager)
  return stored(next)
}

function updated(live: KubeObject, object: KubeObject, manager: FieldManager): KubeObject {
  const next = stored(structuredClone(object))
  trackUpdate(live, next, manager)
  return next
}

function applied(
  live: KubeObject | undefined,
  object: KubeObject,
  manager: FieldManager,
  force = false,
): KubeObject {
  return stored(applyManaged(live ?? { metadata: {} }, object, manager, force))
}

/** `manager operation subresource`, and what it owns. */
function owners({ metadata }: KubeObject): Record<string, unknown> {
  const entries = (metadata.managedFields ?? []) as Record<string, unknown>[]
  return Object.fromEntries(
    entries.map(({ manager, operation, subresource = '', fieldsV1 }) => [
      `${manager} ${operation} ${subresource}`.trim(),
      fieldsV1,
    ]),
  )
}

function refusal(run: () => unknown): { code?: number; message?: string; causes?: unknown } {
  try {
    run()
  } catch (error) {
    if (error instanceof StatusError) {
      const { code, message, details } = error.status
      return { code, message, ...(details?.causes ? { causes: details.causes } : {}) }
    }
    throw error
  }
  throw new Error('not refused')
}

const a = { 'f:a': {} }

test('an entry has what upstream has, in its order', () => {
  const object = created(map({ a: '1' }), by('me'))
  expect(JSON.stringify(object.metadata.managedFields)).toBe(
    '[{"manager":"me","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z",' +
      '"fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}}}}]',
  )
})

test('who changes a field owns it, who takes it away ends all ownership', () => {
  const first = created(map({ a: '1', b: '1' }), by('x'))
  const second = updated(first, map({ a: '2', b: '1' }), by('y'))
  expect(owners(second)).toEqual({
    'x Update': { 'f:data': { '.': {}, 'f:b': {} } },
    'y Update': { 'f:data': a },
  })
  expect(owners(updated(second, map({ b: '1' }), by('z')))).toEqual({
    'x Update': { 'f:data': { '.': {}, 'f:b': {} } },
  })
})

test('the time is that of the last change', () => {
  const first = created(map({ a: '1' }), by('x'))
  const same = updated(first, map({ a: '1' }), by('x', { now: at(1) }))
  expect(same.metadata.managedFields).toEqual(first.metadata.managedFields)
  const changed = updated(first, map({ a: '2' }), by('x', { now: at(2) }))
  expect(changed.metadata.managedFields).toMatchObject([{ time: at(2) }])
})

test('names, versions and times of the object are nobody’s', () => {
  const object = { ...map({}), metadata: { name: 'm', namespace: 'n', uid: 'u', generation: 1 } }
  expect(created(object as KubeObject, by('x')).metadata.managedFields).toBeUndefined()
})

test('status is owned by who writes it as such', () => {
  const row = deployments
  const object = (spec: object, status: object): KubeObject => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } },
    ...{ spec, status },
  })
  const first = created(object({ replicas: 1 }, { replicas: 1 }), by('x', { row }))
  expect(owners(first)).toMatchObject({ 'x Update': { 'f:spec': { 'f:replicas': {} } } })
  expect(owners(first)).not.toHaveProperty(['x Update', 'f:status'])
  const next = updated(
    first,
    object({ replicas: 5 }, { replicas: 2 }),
    by('x', { row, subresource: 'status' }),
  )
  expect(owners(next)).toMatchObject({ 'x Update status': { 'f:status': { 'f:replicas': {} } } })
  expect(owners(next)).not.toHaveProperty(['x Update status', 'f:spec'])
})

test.each([[[]], [[{}]]])('managedFields %j forgets all owners', managedFields => {
  const first = created(map({ a: '1' }), by('x'))
  const next = updated(first, map({ a: '2' }, { managedFields }), by('y'))
  expect(next.metadata.managedFields).toBeUndefined()
  // From then on nothing is kept, until somebody applies.
  const later = updated(next, map({ a: '3' }), by('y'))
  expect(later.metadata.managedFields).toBeUndefined()
  expect(owners(applied(later, map({ b: '1' }), by('z')))).toEqual({
    'before-first-apply Update': { 'f:data': { '.': {}, ...a } },
    'z Apply': { 'f:data': { 'f:b': {} } },
  })
})

const entry = { operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' }
test.each([
  [{ ...entry, operation: 'X' }],
  [{ ...entry, apiVersion: '' }],
  [{ ...entry, fieldsType: undefined }],
  [{ ...entry, fieldsType: 'FieldsV2' }],
  [{ ...entry, fieldsV1: { x: {} } }],
])('an entry that makes no sense is none: %j', broken => {
  const first = created(map({ a: '1' }), by('x'))
  const managedFields = [{ manager: 'y', ...broken }] as never
  const next = updated(first, map({ a: '1' }, { managedFields }), by('x'))
  expect(next.metadata.managedFields).toEqual(first.metadata.managedFields)
})

test('a client may say who owns what', () => {
  const first = created(map({ a: '1' }), by('x'))
  const managedFields = [{ manager: 'y', ...entry, fieldsV1: { 'f:data': a } }] as never
  const next = updated(first, map({ a: '1' }, { managedFields }), by('x'))
  expect(owners(next)).toEqual({ 'y Update': { 'f:data': a } })
})

test('no more than ten updaters are kept, the oldest become one', () => {
  let object = created(map({ k0: '0' }), by('m0'))
  for (let n = 1; n < 13; n++) {
    const data = { ...object.data, [`k${n}`]: '0' }
    object = updated(
      object,
      map(data, { managedFields: object.metadata.managedFields }),
      by(`m${n}`, { now: at(n) }),
    )
  }
  const managers = Object.keys(owners(object))
  expect(managers).toHaveLength(10)
  expect(managers[0]).toBe('ancient-changes Update')
  expect(owners(object)['ancient-changes Update']).toMatchObject({
    'f:data': { 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} },
  })
})

test('who applies owns what is applied, and shares what is equal', () => {
  const first = applied(undefined, map({ a: '1' }), by('x'))
  const second = applied(first, map({ a: '1' }), by('y', { now: at(1) }))
  expect(owners(second)).toEqual({ 'x Apply': { 'f:data': a }, 'y Apply': { 'f:data': a } })
  // Nothing has changed by it: it has no time.
  expect(second.metadata.managedFields).toMatchObject([{ manager: 'y' }, { manager: 'x' }])
  expect(second.metadata.managedFields?.[0]).not.toHaveProperty('time')
})

test('what others own is refused, or taken by force', () => {
  const first = applied(undefined, map({ a: '1', b: '1' }), by('x'))
  const one = refusal(() => applied(first, map({ a: '2' }), by('y')))
  expect(one).toEqual({
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "x": .data.a',
    causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "x"', field: '.data.a' }],
  })
  const other = updated(first, map({ a: '1', b: '3' }), by('z', { subresource: '' }))
  expect(refusal(() => applied(other, map({ a: '2', b: '2' }), by('y'))).message).toBe(
    'Apply failed with 2 conflicts: conflicts with "x":\n- .data.a\n' +
      'conflicts with "z" using v1:\n- .data.b',
  )
  expect(owners(applied(other, map({ a: '2', b: '2' }), by('y'), true))).toEqual({
    'y Apply': { 'f:data': { 'f:a': {}, 'f:b': {} } },
  })
})

test('what is not applied any more goes, unless others own it', () => {
  const first = applied(undefined, map({ a: '1', b: '1', c: '1' }), by('x'))
  const second = applied(first, map({ b: '1' }), by('y'))
  const third = updated(second, map({ ...second.data, c: '2' }), by('z'))
  const last = applied(third, map({}), by('x'))
  expect(last.data).toEqual({ b: '1', c: '2' })
  expect(owners(last)).toEqual({
    'y Apply': { 'f:data': { 'f:b': {} } },
    'z Update': { 'f:data': { 'f:c': {} } },
    ...owners(last),
  })
  // Who applies nothing is none of the owners.
  const { data: _, ...nothing } = map({})
  expect(Object.keys(owners(applied(last, nothing, by('y'))))).not.toContain('y Apply')
})

test.each<[string, KubeObject, number, string]>([
  ['another kind', { ...map({}), kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
  ['no type', { metadata: { name: 'm' } }, 400, 'invalid object type: /, Kind='],
  [
    'managers',
    map({}, { managedFields: [{ manager: 'x' }] }),
    400,
    'metadata.managedFields must be nil',
  ],
  [
    'an unknown field',
    { ...map({}), nope: 1 },
    500,
    'failed to create typed patch object (/m; /v1, Kind=ConfigMap): ' +
      '.nope: field not declared in schema',
  ],
])('an apply of %s is refused', (_name, object, code, message) => {
  expect(refusal(() => applied(undefined, object, by('x')))).toMatchObject({ code, message })
})

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'

test('what kubectl applied by itself is its own', () => {
  const last = JSON.stringify(map({ a: '1' }))
  const first = created(
    map({ a: '1', b: '1' }, { annotations: { [annotation]: last } }),
    by('kubectl-client-side-apply'),
  )
  const object = map({ a: '2' })
  expect(refusal(() => applied(first, object, by('other'))).code).toBe(409)
  const next = applied(first, object, by('kubectl'))
  expect(next.data).toEqual({ a: '2', b: '1' })
  expect(next.metadata.annotations?.[annotation]).toBe(
    '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"m"}}\n',
  )
  expect(refusal(() => applied(first, map({ b: '2' }), by('kubectl'))).message).toMatch(
    /\.data\.b$/,
  )
})

test('a manager of a version that is gone is forgotten', () => {
  const managedFields = [{ manager: 'old', ...entry, apiVersion: 'v0', fieldsV1: { 'f:data': a } }]
  const live = stored(map({ a: '1' }, { managedFields }))
  const next = updated(live, map({ a: '2' }), by('x'))
  expect(owners(next)).toEqual({ 'x Update': { 'f:data': a } })
})

test('what two versions call differently is one field', () => {
  const [asked] = events.alsoServed
  const row = events
  const event = (message: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, message },
  })
  const first = created(event('a'), by('x', { row }))
  const next = stored({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e' },
    note: 'b',
  })
  const live = { ...first, apiVersion: 'events.k8s.io/v1', note: 'a' }
  delete (live as { message?: string }).message
  trackUpdate(live, next, by('y', { row, asked: asked as ServedVersion }))
  expect(owners(next)).toMatchObject({ 'y Update': { 'f:note': {} } })
  expect(owners(next)).not.toHaveProperty(['x Update', 'f:message'])
})

test('a write that only moves the times is none', () => {
  const model = modelOfKind('v1', 'ConfigMap')
  const old = created(map({ a: '1' }), by('x'))
  const later = structuredClone(old)
  Object.assign(later.metadata.managedFields?.[0] as object, { time: at(9) })
  const next = structuredClone(later)
  keepTimes(model, next, old)
  expect(next.metadata.managedFields).toEqual(old.metadata.managedFields)
  const changed = { ...structuredClone(later), data: { a: '2' } }
  keepTimes(model, changed, old)
  expect(changed.metadata.managedFields).toEqual(later.metadata.managedFields)
})
