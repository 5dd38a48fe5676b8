import { expect, test } from 'vitest'
import { meshMembers } from '../../../src/peer/mesh-members.ts'
import type { MemberRecord } from '../../../src/store/member-types.ts'

const record = (id: string, more: Partial<MemberRecord> = {}): MemberRecord => ({
  ...{ id, name: id, peerId: `peer-${id}`, storeId: '', clientUrls: [] },
  ...{ peerUrls: ['https://127.0.0.1:1'] },
  ...more,
})
const master = { roles: ['control-plane'] }
const roles = (members: readonly { readonly id: string; readonly role?: string }[]) =>
  Object.fromEntries(members.map(({ id, role }) => [id, role]))

test('who has frames is said by the records, and by the files where these say nothing', () => {
  const files = ['a', 'w'].map(id => {
    const role = id === 'a' ? ('master' as const) : ('worker' as const)
    return { id, name: id, peerId: `peer-${id}`, host: '127.0.0.1', port: 1, role }
  })
  const records = [
    record('w', { clientUrls: ['https://127.0.0.1:2'] }),
    record('x', { peer: { roles: ['worker'] } }),
    record('b', { peer: master }),
    record('c', { storeId: 'disk' }),
  ]
  const { mesh } = meshMembers(files, { records, removed: [record('r')] }, [
    record('d', { peer: master }),
  ])
  expect(roles(mesh)).toMatchObject({
    ...{ a: 'master', b: 'master', c: 'master' },
    ...{ w: 'worker', x: 'worker', r: 'removed' },
  })
})

test('a removed peer ID does not take the place of a living member', () => {
  const removed = [record('old', { peerId: 'one' })]
  const { mesh } = meshMembers([], { records: [record('new', { peerId: 'one' })], removed })
  expect(mesh.map(({ id }) => id)).toEqual(['new'])
})
