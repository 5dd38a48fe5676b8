import type { LeaseId } from '../mvcc/types.ts'
import type { AuthAction } from './auth/types.ts'
import type { AlarmMember, MemberChange } from './member-types.ts'
import type { TxnRequest } from './types.ts'

/** What the log tells the state machine to do. */
export type Action =
  | ({ readonly type: 'txn' } & TxnRequest)
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'grant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'keep-alive'; readonly id: LeaseId }
  /** `renewals`: only while it was renewed so often; how the leader ends one for its age. */
  | { readonly type: 'revoke'; readonly id: LeaseId; readonly renewals?: number }
  | { readonly type: 'member-set'; readonly id: string; readonly change: MemberChange }
  | { readonly type: 'member-remove'; readonly id: string }
  | ({ readonly type: 'alarm'; readonly raised: boolean } & AlarmMember)
  | AuthAction
