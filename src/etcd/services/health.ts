import {
  healthCheckRequest,
  healthCheckResponse,
  servingStatuses,
} from '../../store/etcd/rpc/health.ts'
import { decode } from '../context.ts'
import { RpcError, rpcErrorOf } from '../grpc/status.ts'
import type { Method, ServerStream } from '../grpc/types.ts'

const serving = { status: servingStatuses.indexOf('SERVING') }
const unknownService = { status: servingStatuses.indexOf('SERVICE_UNKNOWN') }

/**
 * gRPC's health service: the server as a whole (no name) is serving while it answers; etcd names no
 * other. Source: grpc-go health/server.go; etcd server/etcdserver/api/v3rpc/health.go.
 */
export function healthMethods(): Record<string, Method> {
  return {
    Check: {
      kind: 'unary',
      async handle(bytes) {
        const { service } = decode(healthCheckRequest, bytes)
        if (service !== '') throw new RpcError('notFound', 'unknown service')
        return healthCheckResponse.encodeParts(serving)
      },
    },
    Watch: {
      kind: 'stream',
      open: stream => ({ onMessage: message => watch(stream, message) }),
    },
  }
}

/** The state does not change as long as there is anybody to tell it. */
function watch(stream: ServerStream, message: Buffer): void {
  try {
    const { service } = decode(healthCheckRequest, message)
    stream.write(healthCheckResponse.encodeParts(service === '' ? serving : unknownService))
  } catch (error) {
    stream.end(rpcErrorOf(error))
  }
}
