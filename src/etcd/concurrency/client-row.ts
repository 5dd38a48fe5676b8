import { type Context, type UnaryRow, unary } from '../context.ts'
import { RpcError } from '../grpc/status.ts'
import type { Call, UnaryMethod } from '../grpc/types.ts'

/**
 * As `unary`, for the services that are clients of the others within etcd: errors of those lose
 * their codes on the way, and only what became of the call itself keeps its own.
 * Source: etcd client/v3/client.go toErr, grpc-go server.go processUnaryRPC.
 */
export function clientRow<Request, Response>(
  context: Context,
  row: UnaryRow<Request, Response>,
): UnaryMethod {
  const handle = async (request: Request, call: Call) => {
    try {
      return await row.handle(request, call)
    } catch (error) {
      throw error instanceof RpcError && error.message.startsWith('etcdserver: ')
        ? new RpcError('unknown', error.message)
        : error
    }
  }
  return unary(context, { ...row, handle })
}
