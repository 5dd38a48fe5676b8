import type { StoreFailure } from '../store/types.ts'
import { type CodeName, RpcError } from './grpc/status.ts'

/**
 * gRPC codes of etcd's errors by their text, which clients compare.
 * Source: etcd api/v3rpc/rpctypes/error.go.
 */
const table: readonly [CodeName, readonly string[]][] = [
  [
    'invalidArgument',
    [
      'etcdserver: key is not provided',
      'etcdserver: key not found',
      'etcdserver: value is provided',
      'etcdserver: lease is provided',
      'etcdserver: too many operations in txn request',
      'etcdserver: duplicate key given in txn request',
      'etcdserver: invalid sort option',
      'etcdserver: txn is nested too deep',
      'etcdserver: given member URLs are invalid',
      'etcdserver: request is too large',
      'etcdserver: user name is empty',
      'etcdserver: role name is empty',
      'etcdserver: authentication failed, invalid user ID or password',
      'etcdserver: permission not given',
      'etcdserver: invalid auth management',
      'etcdserver: revision of auth store is old',
    ],
  ],
  [
    'outOfRange',
    [
      'etcdserver: mvcc: required revision has been compacted',
      'etcdserver: mvcc: required revision is a future revision',
      'etcdserver: too large lease TTL',
    ],
  ],
  ['notFound', ['etcdserver: requested lease not found', 'etcdserver: member not found']],
  [
    'failedPrecondition',
    [
      'etcdserver: lease already exists',
      'etcdserver: member ID already exist',
      'etcdserver: Peer URLs already exists',
      'etcdserver: re-configuration failed due to not enough started members',
      'etcdserver: can only promote a learner member',
      'etcdserver: can only promote a learner member which is in sync with leader',
      'etcdserver: too many learner members in cluster',
      'etcdserver: root user does not exist',
      'etcdserver: root user does not have root role',
      'etcdserver: user name already exists',
      'etcdserver: user name not found',
      'etcdserver: role name already exists',
      'etcdserver: role name not found',
      'etcdserver: role is not granted to the user',
      'etcdserver: permission is not granted to the role',
      'etcdserver: authentication is not enabled',
      'etcdserver: not leader',
      'etcdserver: bad leader transferee',
    ],
  ],
  ['permissionDenied', ['etcdserver: permission denied']],
  ['unauthenticated', ['etcdserver: invalid auth token']],
  [
    'resourceExhausted',
    ['etcdserver: mvcc: database space exceeded', 'etcdserver: too many requests'],
  ],
  [
    'unavailable',
    [
      'etcdserver: no leader',
      'etcdserver: leader changed',
      'etcdserver: server stopped',
      'etcdserver: request timed out',
      'etcdserver: request timed out, possibly due to previous leader failure',
      'etcdserver: request timed out, possibly due to connection lost',
      'etcdserver: unhealthy cluster',
      'etcdserver: rpc not supported for learner',
    ],
  ],
  ['cancelled', ['etcdserver: watch canceled', 'etcdserver: request canceled']],
  ['dataLoss', ['etcdserver: corrupt cluster']],
]

const codeByText = new Map<string, CodeName>(
  table.flatMap(([code, texts]) => texts.map(text => [text, code] as const)),
)

/** One of etcd's errors by its text; a text that etcd does not know has the code Unknown. */
export function etcdError(text: string): RpcError {
  return new RpcError(codeByText.get(text) ?? 'unknown', text)
}

/** Texts for the failures that have none of etcd's own. */
const textByWhy: Readonly<Partial<Record<StoreFailure['why'], string>>> = {
  unavailable: 'etcdserver: request timed out',
  unknown: 'etcdserver: request timed out',
  fenced: 'etcdserver: leader changed',
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  future: 'etcdserver: mvcc: required revision is a future revision',
  'too-large': 'etcdserver: request is too large',
  'no-space': 'etcdserver: mvcc: database space exceeded',
}

/** The store's refusal as etcd says it. */
export function storeError(failure: StoreFailure): RpcError {
  const text = textByWhy[failure.why]
  if (text === undefined || codeByText.has(failure.message)) return etcdError(failure.message)
  return etcdError(text)
}
