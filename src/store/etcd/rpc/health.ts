import { field, message } from './message.ts'

/** gRPC's own health service. Source: grpc/grpc-proto grpc/health/v1/health.proto. */

export const healthCheckRequest = message({ service: field.string(1) })
/** `status`: index in `servingStatuses`. */
export const healthCheckResponse = message({ status: field.enumeration(1) })

export const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
