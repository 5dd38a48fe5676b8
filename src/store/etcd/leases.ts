import type { Prng } from '../../kernel/prng.ts'
import { invalid, messages } from '../../mvcc/check.ts'
import type { LeaseId } from '../../mvcc/types.ts'
import type { Endpoints } from './endpoints.ts'
import type { LeaseCalls } from './held-lease.ts'
import { methods } from './methods.ts'

/** A renewal is answered from memory: an endpoint that takes longer is left. */
const renewalMs = 800

/** Kept within 2^53: IDs that etcd chooses have 63 bits. */
export function newLeaseId(prng: Prng): LeaseId {
  return 1 + prng.below(2 ** 21) * 2 ** 31 + prng.below(2 ** 31)
}

/** Grant and renewal as etcd has them. */
export function leaseCalls(endpoints: Endpoints, prng: Prng): LeaseCalls {
  return {
    async grant(ttlSeconds) {
      const id = newLeaseId(prng)
      const done = await endpoints.call(methods.leaseGrant, { ttl: ttlSeconds, id })
      return done.ok ? { ok: true, id, ttlSeconds: done.response.ttl } : done
    },
    async renew(id, timeoutMs) {
      const options = { timeoutMs, attemptMs: renewalMs }
      const done = await endpoints.call(methods.leaseKeepAlive, { id }, options)
      if (!done.ok) return done
      const { ttl } = done.response
      return ttl > 0 ? { ok: true, ttlSeconds: ttl } : invalid(messages.leaseNotFound)
    },
  }
}
