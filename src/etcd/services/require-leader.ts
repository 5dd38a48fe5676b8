import { type Context, wantsLeader } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, ServerStream } from '../grpc/types.ts'

/** Three of etcd's default election timeouts. Source: etcd v3rpc/interceptor.go maxNoLeaderCnt. */
const patienceMs = 3_000

/**
 * Ends a stream of a client that wants a leader, once there has been none for a while.
 * Returns what is to be called when the stream is over.
 */
export function endWithoutLeader(context: Context, stream: ServerStream, call: Call): () => void {
  if (!wantsLeader(call)) return () => {}
  const { position, options } = context
  let cancel = () => {}
  const look = () => {
    cancel()
    cancel = position.hasLeader
      ? () => {}
      : options.clock.after(patienceMs, () => stream.end(etcdError('etcdserver: no leader')))
  }
  const forget = position.onLeader(look)
  look()
  return () => {
    cancel()
    forget()
  }
}
