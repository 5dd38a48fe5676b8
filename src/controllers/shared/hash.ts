import type { PodTemplateSpec } from '../../api/objects.ts'
import { canonicalJson } from './canonical.ts'

/** Letters that can't form words. Source: apimachinery util/rand SafeEncodeString. */
const safe = 'bcdfghjklmnpqrstvwxz2456789'

/** The label that tells the ReplicaSets of a Deployment apart. */
export const templateHashLabel = 'pod-template-hash'

/**
 * A short name for a template. Upstream hashes a Go dump of the struct, so that ours differ in
 * value, not in kind. Source: pkg/controller/controller_utils.go ComputeHash (FNV-1a, 32 bits).
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  const suffix = collisionCount > 0 ? `${collisionCount}` : ''
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(canonicalJson(template) + suffix)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return [...String(hash)].map(digit => safe[digit.charCodeAt(0) % safe.length]).join('')
}
