import { expect, test } from 'vitest'
import type { Message } from '../../../src/raft/types.ts'
import type { Action } from '../../../src/store/action.ts'
import { packCommand, unpackCommand } from '../../../src/store/command.ts'
import { packFrame, unpackFrame } from '../../../src/store/frames.ts'

const data = new Uint8Array([1, 2, 3])
const envelope = { from: 'a', to: 'b', term: 7 } as const
const membership = { voters: ['a', 'b'], learners: ['c'] }
const entry = { index: 5, term: 7, kind: 'command', data } as const

test.each<Message>([
  {
    ...envelope,
    type: 'append',
    prevIndex: 4,
    prevTerm: 6,
    commit: 3,
    entries: [entry, { ...entry, index: 6, kind: 'noop', data: new Uint8Array(0) }],
  },
  { ...envelope, type: 'append', prevIndex: 4, prevTerm: 6, commit: 3, entries: [] },
  { ...envelope, type: 'append-answer', ok: false, index: 4, hintIndex: 2, hintTerm: 1 },
  { ...envelope, type: 'commit', commit: 9 },
  { ...envelope, type: 'heartbeat', commit: 9, round: 2, late: 4 },
  { ...envelope, type: 'heartbeat-answer', round: 2, late: 4 },
  { ...envelope, type: 'vote', pre: true, lastIndex: 4, lastTerm: 6, force: false },
  { ...envelope, type: 'vote-answer', pre: false, granted: true },
  { ...envelope, type: 'snapshot', index: 9, snapshotTerm: 6, membership },
  { ...envelope, type: 'timeout-now' },
  { ...envelope, type: 'read', id: 3 },
  { ...envelope, type: 'read-answer', id: 3, index: -1 },
])('$type is what it was after the wire', message => {
  const frame = unpackFrame(packFrame({ r: [message] }), 'a', 'b')
  expect(plain(frame)).toEqual(plain({ r: [message] }))
})

test('whoever sends a frame is who the connection says, whatever is in it', () => {
  const packed = packFrame({ r: [{ ...envelope, type: 'commit', commit: 9 }] })
  expect(unpackFrame(packed, 'mallory', 'b').r?.[0]?.from).toBe('mallory')
})

test('what is no message is refused', () => {
  const packed = packFrame({ r: [{ ...envelope, type: 'commit', commit: 9 }] })
  const at = packed.indexOf(7)
  expect(() => unpackFrame(packed.slice(0, at), 'a', 'b')).toThrow()
})

test.each<Action>([
  {
    type: 'txn',
    compares: [{ key: 'k', target: 'value', op: '=', operand: data }],
    success: [
      { type: 'put', key: '\xff\0', value: data, lease: 5 },
      {
        ...{ type: 'put', key: 'k', value: data, lease: 0 },
        ...{ prevKv: true, ignoreValue: false, ignoreLease: true },
      },
      { type: 'delete', key: 'a', rangeEnd: '\0', prevKv: true },
      { type: 'delete', key: 'a', rangeEnd: undefined, prevKv: false },
      { type: 'range', key: 'a', limit: 3, sort: { by: 'mod', descending: true } },
      { type: 'txn', compares: [], success: [], failure: [{ type: 'range', key: 'x' }] },
    ],
    failure: [],
  },
  { type: 'grant', id: 2 ** 53 - 1, ttlSeconds: 5 },
  { type: 'role-grant', name: 'r', permission: { type: 'READ', key: 'a' } },
])('a command is what it was after the log: $type', action => {
  const command = {
    ...{ origin: 'a', incarnation: 1, sequence: 2, settledBelow: 2, fence: 0 },
    caller: undefined,
    action,
  }
  expect(plain(unpackCommand(packCommand(command)))).toEqual(plain(command))
  const named = { ...command, caller: { user: 'u', authRevision: 3 } }
  expect(plain(unpackCommand(packCommand(named)))).toEqual(plain(named))
})

/** Buffers and plain byte arrays are the same here. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each) =>
      each instanceof Uint8Array || each?.type === 'Buffer' ? [...(each.data ?? each)] : each,
    ),
  )
}
