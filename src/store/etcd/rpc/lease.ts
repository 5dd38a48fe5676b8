import { responseHeader } from './kv.ts'
import { field, message } from './message.ts'

/** Messages of the Lease service. Source: etcd api/etcdserverpb/rpc.proto. */

const header = field.message(1, () => responseHeader)

export const leaseGrantRequest = message({ ttl: field.int64(1), id: field.wide(2) })
export const leaseGrantResponse = message({
  header,
  id: field.wide(2),
  ttl: field.int64(3),
  error: field.string(4),
})

export const leaseRevokeRequest = message({ id: field.wide(1) })
export const leaseRevokeResponse = message({ header })

export const leaseKeepAliveRequest = message({ id: field.wide(1) })
export const leaseKeepAliveResponse = message({
  header,
  id: field.wide(2),
  ttl: field.int64(3),
})

export const leaseTimeToLiveRequest = message({ id: field.wide(1), keys: field.bool(2) })
export const leaseTimeToLiveResponse = message({
  header,
  id: field.wide(2),
  ttl: field.int64(3),
  grantedTtl: field.int64(4),
  keys: field.repeated(field.key(5)),
})

export const leaseStatus = message({ id: field.wide(1) })
export const leaseLeasesRequest = message({})
export const leaseLeasesResponse = message({
  header,
  leases: field.repeated(field.message(2, () => leaseStatus)),
})
