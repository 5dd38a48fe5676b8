import type { Compare, Key, KeyValue, LeaseId } from '../../mvcc/types.ts'
import * as rpc from '../../store/etcd/rpc/concurrency.ts'
import { clientRow } from '../concurrency/client-row.ts'
import {
  EndOfCall,
  keyOf,
  prefixOf,
  sessionOf,
  waitForTurn,
  waiting,
} from '../concurrency/session.ts'
import { type Context, checkServed, confirmed, decode } from '../context.ts'
import { RpcError, rpcErrorOf } from '../grpc/status.ts'
import type { Call, Method, ServerStream } from '../grpc/types.ts'
import { transact } from '../transact.ts'

/** The Election service. Source: etcd server/etcdserver/api/v3election/election.go. */
export function electionMethods(context: Context): Record<string, Method> {
  return {
    Campaign: clientRow(context, {
      request: rpc.campaignRequest,
      response: rpc.campaignResponse,
      handle: ({ name, lease, value }, call) => campaign(context, name, lease, value, call),
    }),
    Proclaim: clientRow(context, {
      request: rpc.proclaimRequest,
      response: rpc.proclaimResponse,
      async handle({ leader, value }, call) {
        const { key, rev, lease } = given(leader)
        const session = await sessionOf(context, lease, call)
        const revision = await proclaim(context, { key, rev, lease: session }, value, call)
        return { header: context.header(revision) }
      },
    }),
    Leader: clientRow(context, {
      request: rpc.leaderRequest,
      response: rpc.leaderResponse,
      async handle({ name }, call) {
        const { found, revision } = await waiting(context, name, call)
        if (found === undefined) throw new RpcError('unknown', 'election: no leader')
        return { header: context.header(revision), kv: found }
      },
    }),
    Observe: {
      kind: 'stream',
      open: (stream, call) => ({
        onMessage: message => observe(context, message, stream, call),
      }),
    },
    Resign: clientRow(context, {
      request: rpc.resignRequest,
      response: rpc.resignResponse,
      async handle({ leader }, call) {
        const { key, rev } = given(leader)
        return { header: context.header(await resign(context, key, rev, call)) }
      },
    }),
  }
}

interface Place {
  readonly key: Key
  readonly rev: number
  readonly lease: LeaseId
}

/**
 * Takes a place, or keeps it and changes what it says, and waits until it is the first.
 * Source: etcd client/v3/concurrency/election.go Campaign.
 */
async function campaign(
  context: Context,
  name: Key,
  wireLease: Parameters<typeof sessionOf>[1],
  value: Uint8Array,
  call: Call,
) {
  const lease = await sessionOf(context, wireLease, call)
  const key = keyOf(name, lease)
  const put = { type: 'put', key, value, lease } as const
  const taken = await transact(
    context,
    { compares: [createdAt(key, 0)], success: [put], failure: [{ type: 'range', key }] },
    call,
  )
  const [found] = taken.results
  const before = !taken.succeeded && found?.type === 'range' ? found.kvs[0] : undefined
  const place = { key, rev: before?.createRevision ?? taken.revision, lease }
  try {
    if (before && !Buffer.from(before.value).equals(value)) {
      await proclaim(context, place, value, call)
    }
    await waitForTurn(context, name, place.rev - 1, call)
  } catch (error) {
    await resign(context, key, place.rev, call).catch(() => {})
    throw error
  }
  return { header: context.header(taken.revision), leader: { name, ...place } }
}

async function proclaim(
  context: Context,
  { key, rev, lease }: Place,
  value: Uint8Array,
  call: Call,
): Promise<number> {
  const success = [{ type: 'put', key, value, lease }] as const
  const done = await transact(context, { compares: [createdAt(key, rev)], success }, call)
  if (!done.succeeded) throw new RpcError('unknown', 'election: not leader')
  return done.revision
}

async function resign(context: Context, key: Key, rev: number, call: Call): Promise<number> {
  const success = [{ type: 'delete', key }] as const
  return (await transact(context, { compares: [createdAt(key, rev)], success }, call)).revision
}

/**
 * Tells of each leader and of all it says, until the client goes. One that reads slowly slows the
 * reading of events, which wait in the store's history.
 */
async function observe(
  context: Context,
  message: Buffer,
  stream: ServerStream,
  call: Call,
): Promise<void> {
  const end = new EndOfCall(context, call)
  const tell = async (kv: KeyValue, revision: number) => {
    stream.write(rpc.leaderResponse.encodeParts({ header: context.header(revision), kv }))
    if (stream.isCongested) await stream.drained()
  }
  try {
    await confirmed(context, call, () => checkServed(context, call, false))
    const { name } = decode(rpc.leaderRequest, message)
    while (!stream.isOver) await observeOne(context, name, call, end, tell)
  } catch (error) {
    stream.end(rpcErrorOf(error))
  } finally {
    end.release()
  }
}

/** From the election of one leader, which may have been, to its end. */
async function observeOne(
  context: Context,
  name: Key,
  call: Call,
  end: EndOfCall,
  tell: (kv: KeyValue, revision: number) => Promise<void>,
): Promise<void> {
  let { found, revision } = await waiting(context, name, call)
  if (found === undefined) {
    const candidates = end.follow(prefixOf(name), revision + 1)
    for (;;) {
      const event = await candidates.next()
      if (event.type === 'delete') continue
      found = event.kv
      revision = event.kv.modRevision
      break
    }
  }
  await tell(found, revision)
  const words = end.follow({ key: found.key }, revision + 1)
  for (;;) {
    const { type, kv } = await words.next()
    if (type === 'delete') return
    await tell(kv, kv.modRevision)
  }
}

function createdAt(key: Key, revision: number): Compare {
  return { key, target: 'create', op: '=', operand: revision }
}

/** @throws RpcError */
function given(leader: Partial<rpc.LeaderKey> | undefined): rpc.LeaderKey {
  if (leader === undefined) throw new RpcError('unknown', '"leader" field must be provided')
  return { name: '', key: '', rev: 0, lease: 0, ...leader }
}
