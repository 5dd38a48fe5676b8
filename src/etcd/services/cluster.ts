import * as rpc from '../../store/etcd/rpc/cluster.ts'
import type { ClusterMember } from '../../store/member-types.ts'
import type { ProposeOptions } from '../../store/types.ts'
import { type Context, must, proposal, timeoutOf, unary } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, Method } from '../grpc/types.ts'
import { idFromWire, idToWire } from '../ids.ts'

/** The Cluster service. Source: etcd server/etcdserver/api/v3rpc/member.go. */
export function clusterMethods(context: Context): Record<string, Method> {
  const { store } = context.options
  return {
    MemberAdd: unary(context, {
      request: rpc.memberAddRequest,
      response: rpc.memberAddResponse,
      async handle({ peerUrls, isLearner }, call) {
        const options = admitted(context, call)
        checkUrls(peerUrls)
        const { member } = await must(store.memberAdd({ peerUrls, isLearner }, options))
        return { ...membersOf(context), member: memberOf(member) }
      },
    }),
    MemberRemove: unary(context, {
      request: rpc.memberRemoveRequest,
      response: rpc.membersResponse,
      async handle({ id }, call) {
        await must(store.memberRemove(idFromWire(id), admitted(context, call)))
        return membersOf(context)
      },
    }),
    MemberUpdate: unary(context, {
      request: rpc.memberUpdateRequest,
      response: rpc.membersResponse,
      async handle({ id, peerUrls }, call) {
        const options = admitted(context, call)
        await must(store.memberUpdate(idFromWire(id), { peerUrls }, options))
        return membersOf(context)
      },
    }),
    MemberList: unary(context, {
      request: rpc.memberListRequest,
      response: rpc.membersResponse,
      async handle({ linearizable }, call) {
        context.admission.checkNamed(context.admission.callerOf(call))
        if (linearizable) await must(store.readIndex(timeoutOf(call)))
        return membersOf(context)
      },
    }),
    MemberPromote: unary(context, {
      request: rpc.memberPromoteRequest,
      response: rpc.membersResponse,
      async handle({ id }, call) {
        await must(store.memberPromote(idFromWire(id), admitted(context, call)))
        return membersOf(context)
      },
    }),
  }
}

function admitted(context: Context, call: Call): ProposeOptions {
  const options = proposal(context, call)
  context.admission.checkAdmin(options.caller)
  return options
}

function membersOf(context: Context) {
  const members = [...context.options.store.members()].sort((left, right) =>
    left.id < right.id ? -1 : 1,
  )
  return { header: context.header(0), members: members.map(memberOf) }
}

function memberOf(member: ClusterMember): rpc.MemberMessage {
  const { id, name, peerUrls, clientUrls, isLearner } = member
  return { id: idToWire(id), name, peerUrls, clientUrls, isLearner }
}

/** `http://host:port` without path. Source: etcd client/pkg/types/urls.go NewURLs. */
function checkUrls(urls: readonly string[]): void {
  const good = (url: string) => /^https?:\/\/[^/?#@]+:\d{1,5}$/.test(url)
  if (urls.length === 0 || !urls.every(good)) {
    throw etcdError('etcdserver: given member URLs are invalid')
  }
}
