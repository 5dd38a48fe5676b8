import type { UserInfo } from '../../api/http.ts'
import type { KubeObject } from '../../api/types.ts'
import { isAllowed } from '../filters/authorization.ts'

/** A resource that is only asked, never stored. */
export interface Review {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  /** What the server says. */
  answer(user: UserInfo, object: KubeObject): Record<string, unknown>
}

/** `kubectl auth whoami` and `kubectl auth can-i`. */
export const reviews: readonly Review[] = [
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    resource: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    answer: ({ name, ...user }) => ({ userInfo: { username: name, ...user } }),
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    resource: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    answer: user => {
      const allowed = isAllowed({ user, inProcess: false, verb: '' })
      return allowed ? { allowed } : { allowed, reason: 'only members of system:masters may' }
    },
  },
]
