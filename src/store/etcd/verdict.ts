import type { StoreFailure } from '../types.ts'
import { deadlineExceeded, type GrpcError, unavailable } from './client.ts'

/**
 * What an error of etcd says of a call.
 * - `elsewhere`: surely not carried out; another endpoint may do it.
 * - `later`: surely not carried out; it may be after a while.
 * - `lost`: nobody knows; whether it may be repeated is the method's.
 * - the rest are answers: see StoreFailure.
 */
export type Verdict = 'elsewhere' | 'later' | 'lost' | StoreFailure['why']

/** By etcd's text. Source: etcd api/v3rpc/rpctypes/error.go, etcdserver/v3_server.go. */
const byText: Readonly<Record<string, Verdict>> = {
  // The call asked for a leader (metadata `hasleader`) before anything was proposed.
  'etcdserver: no leader': 'elsewhere',
  'etcdserver: rpc not supported for learner': 'elsewhere',
  'etcdserver: not capable': 'elsewhere',
  // Of linearizable reads only.
  'etcdserver: leader changed': 'later',
  'etcdserver: too many requests': 'later',
  'etcdserver: server stopped': 'lost',
  'etcdserver: mvcc: required revision has been compacted': 'compacted',
  'etcdserver: mvcc: required revision is a future revision': 'future',
  'etcdserver: request is too large': 'too-large',
  'etcdserver: mvcc: database space exceeded': 'no-space',
}

/** By gRPC's code, for other texts: late proposals, refused arguments, lost connections. */
const byCode: Readonly<Record<number, Verdict>> = {
  1: 'lost',
  2: 'lost',
  3: 'invalid',
  [deadlineExceeded]: 'lost',
  5: 'invalid',
  7: 'invalid',
  8: 'too-large',
  9: 'invalid',
  11: 'invalid',
  12: 'invalid',
  13: 'lost',
  [unavailable]: 'lost',
  16: 'invalid',
}

export function verdictOf(error: GrpcError): Verdict {
  if (!error.sent) return 'elsewhere'
  return byText[error.message] ?? byCode[error.code] ?? 'lost'
}

/** True when the endpoint itself is in doubt, not only this call. */
export function leavesEndpoint(error: GrpcError, verdict: Verdict): boolean {
  if (verdict === 'elsewhere') return true
  // A proposal that timed out at the server says nothing against this endpoint.
  return verdict === 'lost' && !error.message.startsWith('etcdserver: request timed out')
}
