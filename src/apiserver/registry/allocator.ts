import type { KubeObject } from '../../api/types.ts'
import type { Claims } from '../storage/claims.ts'

/** Gives objects of a kind what only one of them can have: cluster IPs, node ports. */
export interface Allocator {
  /**
   * Completes `next` and says what must be claimed with it; `old` is absent for a new object.
   * @throws StatusError 422
   */
  allocate(next: KubeObject, old: KubeObject | undefined): Claims
  /**
   * Somebody else has what `object` claims: what was chosen for it is taken out again.
   * @throws StatusError 422 when the client had chosen
   */
  forget(object: KubeObject): void
  /** What goes back with an object that is removed. */
  free(object: KubeObject): Claims
}
