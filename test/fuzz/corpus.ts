import { encodeMembership } from '../../src/raft/membership.ts'
import type { Message } from '../../src/raft/types.ts'
import type { Action } from '../../src/store/action.ts'
import { joinCommands, packCommand } from '../../src/store/command.ts'
import { type Frame, packFrame } from '../../src/store/frames.ts'

/** Valid frames and commands of every kind: what is mutated, and what others must not send. */
const value = Buffer.from('value')
const put = { type: 'put', key: 'k', value, lease: 0 } as const
const record = { id: 'd', name: 'd', peerId: 'p', storeId: 's', peerUrls: [], clientUrls: [] }

const actions: readonly Action[] = [
  {
    type: 'txn',
    compares: [{ key: 'k', target: 'value', op: '=', operand: value }],
    success: [put, { type: 'delete', key: 'a', rangeEnd: 'b', prevKv: true }],
    failure: [
      { type: 'range', key: 'a', limit: 3, sort: { by: 'mod', descending: true } },
      { type: 'txn', compares: [], success: [put], failure: [] },
    ],
  },
  { type: 'compact', revision: 2 },
  { type: 'grant', id: 77, ttlSeconds: 60 },
  { type: 'keep-alive', id: 77 },
  { type: 'revoke', id: 77, renewals: 1 },
  { type: 'member-set', id: 'd', change: { name: 'd', peerUrls: ['https://127.0.0.1:1'] } },
  { type: 'member-remove', id: 'd' },
  { type: 'alarm', raised: true, memberId: 'a', alarm: 'NOSPACE' },
  { type: 'user-add', name: 'u', passwordHash: 'h', noPassword: false },
  { type: 'role-add', name: 'r' },
  { type: 'role-grant', name: 'r', permission: { type: 'READWRITE', key: 'a', rangeEnd: 'b' } },
  { type: 'user-grant', name: 'u', role: 'r' },
  { type: 'role-revoke', name: 'r', key: 'a', rangeEnd: 'b' },
  { type: 'auth-enable', tokenSecret: 'secret' },
]

export function commands(origin: string): Uint8Array[] {
  return actions.map((action, at) =>
    packCommand({
      ...{ origin, incarnation: 9, sequence: at + 1, settledBelow: 1, fence: 0 },
      ...(at % 3 === 0 ? { caller: { user: 'root', authRevision: 1 } } : {}),
      action,
    }),
  )
}

/** As if from `from`, in `term`. */
export function frames(from: string, to: string, term: number): Uint8Array[] {
  const envelope = { from, to, term }
  const data = joinCommands(commands(from))
  const membership = { voters: [from], learners: [] }
  const at = { prevIndex: 4, prevTerm: term, commit: 5 }
  const entry = { index: 5, term, kind: 'command', data } as const
  const config = { index: 6, term, kind: 'config', data: encodeMembership(membership) } as const
  const change = { kind: 'remove', id: to } as const
  const messages: Message[] = [
    { ...envelope, type: 'append', ...at, entries: [entry, config] },
    { ...envelope, type: 'append-answer', ok: true, index: 9, hintIndex: 0, hintTerm: 0 },
    { ...envelope, type: 'vote', pre: false, force: true, lastIndex: 99, lastTerm: term },
    { ...envelope, type: 'vote-answer', pre: false, granted: true },
    { ...envelope, type: 'heartbeat', commit: 1, round: 1, late: 0 },
    { ...envelope, type: 'heartbeat-answer', round: 1, late: 0 },
    { ...envelope, type: 'commit', commit: 9 },
    { ...envelope, type: 'snapshot', index: 9, snapshotTerm: term, membership },
    { ...envelope, type: 'timeout-now' },
    { ...envelope, type: 'read', id: 1 },
    { ...envelope, type: 'read-answer', id: 1, index: 3 },
  ]
  const others: Frame[] = [
    { p: commands(from), t: term },
    { s: { id: 1, n: 0, term, data: value, last: true } },
    { a: { id: 1, next: -1 } },
    { q: { id: 1, request: { type: 'transfer', to: from } } },
    { q: { id: 1, request: { type: 'change', change, strict: false } } },
    { w: { id: 1, message: 'no' } },
    { h: { storeId: 'x', isNew: true } },
    { k: true },
    { x: { reason: 'removed' } },
    { i: true },
    { m: [record] },
  ]
  return [...messages.map(message => ({ r: [message] })), ...others].map(packFrame)
}
