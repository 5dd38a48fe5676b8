import { snapshotRequest, snapshotResponse } from '../../store/etcd/rpc/maintenance.ts'
import { type Context, checkServed, confirmed, decode } from '../context.ts'
import { rpcErrorOf } from '../grpc/status.ts'
import type { Call, Method, ServerStream } from '../grpc/types.ts'
import { writeEtcdSnapshot } from '../snapshot/write.ts'

/** Bytes of one response. Source: etcd snapshotSendBufferSize. */
const pieceBytes = 32 << 10

/** Snapshot: the file in pieces, at last its SHA-256, by which etcdctl knows it is whole. */
export function snapshotMethod(context: Context): Method {
  return {
    kind: 'stream',
    open: (stream, call) => ({
      async onMessage(message) {
        try {
          decode(snapshotRequest, message)
          await send(context, stream, call)
          stream.end()
        } catch (error) {
          context.options.logger.warn('snapshot failed', { error: rpcErrorOf(error).message })
          stream.end(rpcErrorOf(error))
        }
      },
    }),
  }
}

async function send(context: Context, stream: ServerStream, call: Call): Promise<void> {
  const { admission, options } = context
  await confirmed(context, call, () => {
    checkServed(context, call, true)
    admission.checkAdmin(admission.callerOf(call))
  })
  const { totalBytes, chunks } = await writeEtcdSnapshot(options.store.freeze())
  let left = totalBytes
  for await (const slice of chunks) {
    for (let at = 0; at < slice.length; at += pieceBytes) {
      const blob = slice.subarray(at, at + pieceBytes)
      left -= blob.length
      stream.write(snapshotResponse.encodeParts({ remainingBytes: left, blob }))
      await stream.drained()
      if (stream.isOver) return
    }
  }
}
