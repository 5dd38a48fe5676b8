import { beforeEach, describe, expect, test } from 'vitest'
import { runAtOnce } from '../../../src/kernel/long-work.ts'
import type { Action } from '../../../src/store/action.ts'
import { refusalSteps } from '../../../src/store/auth/admit.ts'
import { AuthStore } from '../../../src/store/auth/auth.ts'
import { covers } from '../../../src/store/auth/ranges.ts'
import type { Permission } from '../../../src/store/auth/types.ts'

const may = (type: Permission['type'], key: string, rangeEnd?: string): Permission => ({
  type,
  key,
  rangeEnd,
})

describe('covers', () => {
  test.each([
    ['the key itself', [may('READ', 'a')], 'a', undefined, true],
    ['another key', [may('READ', 'a')], 'b', undefined, false],
    ['another kind', [may('WRITE', 'a')], 'a', undefined, false],
    ['a key of a range', [may('READWRITE', 'a', 'c')], 'b', undefined, true],
    ['the end of a range', [may('READ', 'a', 'c')], 'c', undefined, false],
    ['a part of a range', [may('READ', 'a', 'd')], 'b', 'c', true],
    ['more than a range', [may('READ', 'b', 'c')], 'a', 'c', false],
    ['two neighbours', [may('READ', 'b', 'd'), may('READ', 'a', 'b')], 'a', 'd', true],
    ['two with a hole', [may('READ', 'a', 'b'), may('READ', 'c', 'd')], 'a', 'd', false],
    ['to the end of all keys', [may('READ', 'a', '\0')], 'x', '\0', true],
    ['all keys, asked of a part', [may('READ', 'a', 'z')], 'a', '\0', false],
    ['a range that begins before', [may('READ', '\0', '\0')], 'a', 'b', true],
  ] as const)('%s', (_name, permissions, key, rangeEnd, expected) => {
    expect(covers(permissions, 'read', key, rangeEnd)).toBe(expected)
  })
})

describe('AuthStore', () => {
  let auth: AuthStore
  const addUser = (name: string) =>
    auth.apply({ type: 'user-add', name, passwordHash: 'h', noPassword: false })
  const enable = () => auth.apply({ type: 'auth-enable', tokenSecret: 's' })
  beforeEach(() => {
    auth = new AuthStore()
  })

  test('is enabled only with a root user that has the root role', () => {
    expect(enable()).toBe('etcdserver: root user does not exist')
    addUser('root')
    expect(enable()).toBe('etcdserver: root user does not have root role')
    expect(auth.apply({ type: 'user-grant', name: 'root', role: 'root' })).toBeUndefined()
    expect(enable()).toBeUndefined()
    expect(auth.enabled).toBe(true)
    expect(auth.apply({ type: 'user-delete', name: 'root' })).toBe(
      'etcdserver: invalid auth management',
    )
    expect(auth.apply({ type: 'user-revoke', name: 'root', role: 'root' })).toBe(
      'etcdserver: invalid auth management',
    )
  })

  test('refuses as etcd does', () => {
    expect(addUser('')).toBe('etcdserver: user name is empty')
    addUser('u')
    expect(addUser('u')).toBe('etcdserver: user name already exists')
    expect(auth.apply({ type: 'user-delete', name: 'x' })).toBe('etcdserver: user name not found')
    expect(auth.apply({ type: 'user-grant', name: 'u', role: 'r' })).toBe(
      'etcdserver: role name not found',
    )
    auth.apply({ type: 'role-add', name: 'r' })
    expect(auth.apply({ type: 'role-add', name: 'r' })).toBe('etcdserver: role name already exists')
    expect(auth.apply({ type: 'user-revoke', name: 'u', role: 'r' })).toBe(
      'etcdserver: role is not granted to the user',
    )
    expect(auth.apply({ type: 'role-revoke', name: 'r', key: 'k' })).toBe(
      'etcdserver: permission is not granted to the role',
    )
  })

  test('each change raises the revision, and what was admitted before it is refused', () => {
    const before = auth.revision
    addUser('root')
    auth.apply({ type: 'user-grant', name: 'root', role: 'root' })
    enable()
    expect(auth.revision).toBe(before + 2)
    const put: Action = {
      type: 'txn',
      compares: [],
      success: [{ type: 'put', key: 'a', value: new Uint8Array() }],
      failure: [],
    }
    const caller = { user: 'root', authRevision: auth.revision }
    expect(runAtOnce(refusalSteps(auth, caller, put, () => []))).toBeUndefined()
    addUser('other')
    expect(runAtOnce(refusalSteps(auth, caller, put, () => []))).toBe(
      'etcdserver: revision of auth store is old',
    )
  })

  test('a role gives its permissions to its users, until it is deleted', () => {
    addUser('root')
    addUser('u')
    auth.apply({ type: 'user-grant', name: 'root', role: 'root' })
    auth.apply({ type: 'role-add', name: 'r' })
    auth.apply({ type: 'role-grant', name: 'r', permission: may('READ', 'a', 'c') })
    auth.apply({ type: 'user-grant', name: 'u', role: 'r' })
    expect(auth.refuses('u', 'write', 'z')).toBeUndefined()
    enable()
    expect(auth.refuses('u', 'read', 'a', 'b')).toBeUndefined()
    expect(auth.refuses('u', 'write', 'a')).toBe('etcdserver: permission denied')
    expect(auth.refuses('root', 'write', 'a')).toBeUndefined()
    expect(auth.refuses('', 'read', 'a')).toBe('etcdserver: user name is empty')
    auth.apply({ type: 'role-grant', name: 'r', permission: may('READWRITE', 'a', 'c') })
    expect(auth.role('r')?.permissions).toHaveLength(1)
    expect(auth.refuses('u', 'write', 'a')).toBeUndefined()
    auth.apply({ type: 'role-delete', name: 'r' })
    expect(auth.user('u')?.roles).toEqual([])
    expect(auth.refuses('u', 'read', 'a')).toBe('etcdserver: permission denied')
  })

  test('a copy through a snapshot is equal, and has the same hash', () => {
    addUser('root')
    auth.apply({ type: 'user-grant', name: 'root', role: 'root' })
    auth.apply({ type: 'role-add', name: 'r' })
    enable()
    const copy = new AuthStore()
    copy.import(auth.export())
    expect(copy.export()).toEqual(auth.export())
    expect(copy.hash(1)).toBe(auth.hash(1))
    copy.apply({ type: 'role-add', name: 'x' })
    expect(copy.hash(1)).not.toBe(auth.hash(1))
  })
})

describe('refusalOf', () => {
  const auth = new AuthStore()
  auth.apply({ type: 'user-add', name: 'root', passwordHash: '', noPassword: true })
  auth.apply({ type: 'user-grant', name: 'root', role: 'root' })
  auth.apply({ type: 'user-add', name: 'u', passwordHash: '', noPassword: true })
  auth.apply({ type: 'role-add', name: 'w' })
  auth.apply({ type: 'role-grant', name: 'w', permission: may('WRITE', 'w') })
  auth.apply({ type: 'role-grant', name: 'w', permission: may('READ', 'r') })
  auth.apply({ type: 'user-grant', name: 'u', role: 'w' })
  auth.apply({ type: 'auth-enable', tokenSecret: 's' })
  const caller = { user: 'u', authRevision: auth.revision }
  const value = new Uint8Array()
  const txn = (over: object): Action => ({
    type: 'txn',
    compares: [],
    success: [],
    failure: [],
    ...over,
  })
  const denied = 'etcdserver: permission denied'

  test.each<[string, Action, string | undefined]>([
    ['a put', txn({ success: [{ type: 'put', key: 'w', value }] }), undefined],
    [
      'reading before a put',
      txn({ success: [{ type: 'put', key: 'w', value, prevKv: true }] }),
      denied,
    ],
    ['a put elsewhere', txn({ success: [{ type: 'put', key: 'r', value }] }), denied],
    ['a compare', txn({ compares: [{ key: 'r', target: 'mod', op: '=', operand: 0 }] }), undefined],
    [
      'a compare elsewhere',
      txn({ compares: [{ key: 'w', target: 'mod', op: '=', operand: 0 }] }),
      denied,
    ],
    ['the branch not taken', txn({ failure: [{ type: 'delete', key: 'r' }] }), denied],
    ['a nested one', txn({ success: [txn({ success: [{ type: 'range', key: 'w' }] })] }), denied],
    [
      'a lease with keys of others',
      txn({ success: [{ type: 'put', key: 'w', value, lease: 7 }] }),
      denied,
    ],
    ['ending a lease with keys of others', { type: 'revoke', id: 7 }, denied],
    ['ending a lease of its own', { type: 'revoke', id: 8 }, undefined],
    ['users', { type: 'user-delete', name: 'root' }, denied],
    ['an alarm', { type: 'alarm', raised: false, memberId: '0', alarm: 'NOSPACE' }, denied],
  ])('%s', (_name, action, expected) => {
    const keysOfLease = (id: number) => (id === 7 ? ['x'] : ['w'])
    expect(runAtOnce(refusalSteps(auth, caller, action, keysOfLease))).toBe(expected)
  })
})
