import { LongWork } from '../kernel/long-work.ts'
import { authTexts } from '../store/auth/texts.ts'
import type { AuthView, Caller } from '../store/auth/types.ts'
import type { ResponseHeader } from '../store/etcd/rpc/kv.ts'
import type { MessageType } from '../store/etcd/rpc/message.ts'
import { MalformedMessage } from '../store/etcd/rpc/reader.ts'
import type { ProposeOptions, StoreResult } from '../store/types.ts'
import type { Admission } from './auth/admission.ts'
import { etcdError, storeError } from './errors.ts'
import { RpcError } from './grpc/status.ts'
import type { Call, Outgoing, UnaryMethod } from './grpc/types.ts'
import { idToWire } from './ids.ts'
import type { Position } from './position.ts'
import type { EtcdServerOptions } from './types.ts'

/** What every service stands on. */
export interface Context {
  readonly options: EtcdServerOptions
  readonly position: Position
  readonly admission: Admission
  /** What is checked and encoded in steps, of all calls. */
  readonly longWork: LongWork
  /** The header of a response; `revision` absent: the present one. */
  header(revision?: number): ResponseHeader
  /** True while this member is a learner, which serves next to nothing. */
  isLearner(): boolean
}

export function createContext(
  options: EtcdServerOptions,
  position: Position,
  admission: Admission,
): Context {
  const clusterId = idToWire(options.clusterId)
  const memberId = idToWire(options.memberId)
  // A voter never becomes a learner again: it would be another member. Asked for every call.
  let isVoter = false
  return {
    ...{ options, position, admission },
    longWork: new LongWork(
      step => void setImmediate(step),
      () => options.clock.now(),
    ),
    header(revision = position.revision) {
      return { clusterId, memberId, revision, raftTerm: position.term }
    },
    isLearner() {
      if (isVoter) return false
      const self = options.store.members().find(member => member.id === options.memberId)
      isVoter = self?.isLearner === false
      return self?.isLearner ?? false
    },
  }
}

/** A response that its handler has encoded. */
export class Encoded {
  readonly parts: Outgoing

  constructor(parts: Outgoing) {
    this.parts = parts
  }
}

/** A unary method of one message type to another. */
export interface UnaryRow<Request, Response> {
  readonly request: MessageType<Request>
  readonly response: MessageType<Response>
  handle(request: Request, call: Call): Promise<Partial<Response> | Encoded>
  /** Whether a learner serves it. Source: etcd v3rpc/util.go isRPCSupportedForLearner. */
  learner?(request: Request): boolean
}

/** Wraps a row: decoding, what is checked before every call, encoding. */
export function unary<Request, Response>(
  context: Context,
  row: UnaryRow<Request, Response>,
): UnaryMethod {
  return {
    kind: 'unary',
    async handle(bytes, call) {
      const request = decode(row.request, bytes)
      const response = await confirmed(context, call, () => {
        checkServed(context, call, row.learner?.(request) ?? false)
        return row.handle(request, call)
      })
      if (response instanceof Encoded) return response.parts
      if (!row.response.isLong(response)) return row.response.encodeParts(response)
      return context.longWork.run(row.response.encodeSteps(response))
    },
  }
}

/**
 * Does `act`, which does nothing when it is refused. Users and roles may change while a call is on
 * its way, or have changed where this member has not applied it: a refusal counts only when they
 * are, after the member has caught up, what they were when it was given.
 * Source: etcd server/etcdserver/v3_server.go raftRequest, which does so for one of the refusals.
 */
export async function confirmed<T>(
  context: Context,
  call: Call,
  act: () => T | Promise<T>,
): Promise<T> {
  const { store } = context.options
  for (let tries = 1; ; tries++) {
    const before = versionOf(store.auth)
    try {
      return await act()
    } catch (error) {
      if (!isRefusal(error) || tries === admissionsMax) throw error
      await must(store.readIndex(timeoutOf(call)))
      if (versionOf(store.auth) === before) throw error
    }
  }
}

function versionOf({ enabled, revision }: AuthView): string {
  return `${enabled} ${revision}`
}

/** Whether users and roles, or whose certificate it is, have decided it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false
  return error.message.startsWith(authTexts.denied) || refusalTexts.has(error.message)
}

const refusalTexts: ReadonlySet<string> = new Set([
  ...[authTexts.userEmpty, authTexts.userMissing, authTexts.oldRevision, authTexts.badToken],
])

/** Bounds the work for one call while somebody changes users without pause. */
const admissionsMax = 5

/** @throws RpcError with INVALID_ARGUMENT for bytes that are no such message. */
export function decode<T>(type: MessageType<T>, bytes: Uint8Array): T {
  try {
    return type.decode(bytes)
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error
    throw new RpcError('invalidArgument', `malformed message: ${error.message}`)
  }
}

/**
 * Whether a call comes from somebody who may do something, as far as this member knows: of the
 * right group while there are no users, else a user by token or by certificate.
 */
export function isTrusted({ options, admission }: Context, call: Call): boolean {
  const { clientGroup: group, store } = options
  if (!store.auth.enabled) return group === undefined || call.client.groups.includes(group)
  try {
    return store.auth.user(admission.callerOf(call).user) !== undefined
  } catch {
    return false
  }
}

/** Source: etcd v3rpc/interceptor.go. */
export function checkServed(context: Context, call: Call, learner: boolean): void {
  const { clientGroup: group, store } = context.options
  if (!store.auth.enabled && !isTrusted(context, call)) {
    throw new RpcError('permissionDenied', `etcdserver: permission denied: not of group ${group}`)
  }
  if (!learner && context.isLearner()) throw etcdError('etcdserver: rpc not supported for learner')
  if (wantsLeader(call) && !context.position.hasLeader) throw etcdError('etcdserver: no leader')
}

/** clientv3.WithRequireLeader. */
export function wantsLeader(call: Call): boolean {
  return call.header('hasleader') === 'true'
}

/** The result of the store, or its refusal thrown as etcd says it. */
export async function must<T extends object>(result: Promise<StoreResult<T>>) {
  return granted(await result)
}

/** As `must`, of a result that is there. */
export function granted<T extends object>(result: StoreResult<T>): { readonly ok: true } & T {
  if (!result.ok) throw storeError(result)
  return result
}

/** Who asks and how long the client waits, for a write through the log. */
export function proposal(context: Context, call: Call): ProposeOptions & { caller: Caller } {
  return { ...timeoutOf(call), caller: context.admission.callerOf(call) }
}

/** The store's own time limit counts unless the client's is shorter. */
export function timeoutOf(call: Call): { readonly timeoutMs?: number } {
  const { timeoutMs } = call
  return timeoutMs !== undefined && timeoutMs < storeTimeoutMs ? { timeoutMs } : {}
}

/** The store's limit for a request. */
const storeTimeoutMs = 5_000
