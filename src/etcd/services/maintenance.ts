import * as rpc from '../../store/etcd/rpc/maintenance.ts'
import type { AlarmMember } from '../../store/member-types.ts'
import { apiVersion } from '../api-version.ts'
import { type Context, must, proposal, timeoutOf, unary } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, Method } from '../grpc/types.ts'
import { idFromWire, idToWire } from '../ids.ts'
import { snapshotMethod } from './snapshot.ts'

/** The Maintenance service. Source: etcd server/etcdserver/api/v3rpc/maintenance.go. */
export function maintenanceMethods(context: Context): Record<string, Method> {
  const { store } = context.options
  const admit = (call: Call) => context.admission.checkAdmin(context.admission.callerOf(call))
  return {
    Alarm: unary(context, {
      request: rpc.alarmRequest,
      response: rpc.alarmResponse,
      handle: (request, call) => alarm(context, request, call),
    }),
    Status: unary(context, {
      request: rpc.statusRequest,
      response: rpc.statusResponse,
      learner: () => true,
      async handle(_request, call) {
        context.admission.checkNamed(context.admission.callerOf(call))
        return status(context)
      },
    }),
    Defragment: unary(context, {
      request: rpc.defragmentRequest,
      response: rpc.defragmentResponse,
      async handle(_request, call) {
        admit(call)
        await store.defragment()
        return {}
      },
    }),
    Hash: unary(context, {
      request: rpc.hashRequest,
      response: rpc.hashResponse,
      async handle(_request, call) {
        admit(call)
        const { hash, revision } = await must(store.hashKv(0))
        return { header: context.header(revision), hash }
      },
    }),
    HashKV: unary(context, {
      request: rpc.hashKvRequest,
      response: rpc.hashKvResponse,
      async handle(request, call) {
        admit(call)
        const { revision, ...hashed } = await must(store.hashKv(Math.max(0, request.revision)))
        return { header: context.header(revision), ...hashed }
      },
    }),
    Snapshot: snapshotMethod(context),
    MoveLeader: unary(context, {
      request: rpc.moveLeaderRequest,
      response: rpc.moveLeaderResponse,
      async handle({ targetId }, call) {
        admit(call)
        await moveLeader(context, idFromWire(targetId))
        return {}
      },
    }),
  }
}

async function alarm(
  context: Context,
  request: { readonly action: number; readonly memberId: bigint; readonly alarm: number },
  call: Call,
) {
  const { options, admission } = context
  const action = rpc.alarmActions[request.action]
  const type = rpc.alarmTypes[request.alarm]
  const propose = proposal(context, call)
  if (action === 'get') admission.checkNamed(propose.caller)
  else admission.checkAdmin(propose.caller)
  const header = context.header()
  if (type === undefined || action === undefined) return { header }
  if (action === 'get') {
    await must(options.store.readIndex(timeoutOf(call)))
    const raised = options.store.alarms()
    const wanted = raised.filter(member => type === 'NONE' || member.alarm === type)
    return { header, alarms: wanted.map(alarmOf) }
  }
  if (type === 'NONE') return { header }
  const memberId = request.memberId === 0n ? '0' : idFromWire(request.memberId)
  const raised = action === 'activate'
  const done = await must(options.store.setAlarm(raised, { memberId, alarm: type }, propose))
  return { header: context.header(), alarms: done.alarms.map(alarmOf) }
}

function alarmOf({ memberId, alarm }: AlarmMember) {
  return { memberId: idToWire(memberId), alarm: rpc.alarmTypes.indexOf(alarm) }
}

async function status(context: Context) {
  const { store } = context.options
  const now = await store.status()
  const leader = store.members().find(({ id, peerId }) => [id, peerId].includes(now.leader ?? ''))
  const alarms = store.alarms().map(textOf)
  return {
    header: context.header(now.revision),
    version: apiVersion,
    dbSize: now.dbBytes,
    dbSizeInUse: now.dbBytes,
    leader: leader ? idToWire(leader.id) : 0n,
    raftIndex: now.commit,
    raftTerm: now.term,
    raftAppliedIndex: now.applied,
    errors: now.leader === null ? ['etcdserver: no leader', ...alarms] : alarms,
    isLearner: context.isLearner(),
    dbSizeQuota: store.quotaBytes,
  }
}

/** As protobuf's text form has it, which etcd prints. */
function textOf({ memberId, alarm }: AlarmMember): string {
  return `memberID:${idToWire(memberId)} alarm:${alarm} `
}

async function moveLeader(context: Context, to: string): Promise<void> {
  const { store } = context.options
  const { role, voters } = await store.status()
  if (role !== 'leader') throw etcdError('etcdserver: not leader')
  const target = store.members().find(member => member.id === to)
  const voter = target && [target.id, target.peerId].find(id => voters.includes(id))
  if (voter === undefined) throw etcdError('etcdserver: bad leader transferee')
  await must(store.transferLeadership(voter))
}
