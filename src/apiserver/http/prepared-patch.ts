import type { KubeObject } from '../../api/types.ts'

/** Applies one client's patch to any state of the object. */
export interface PreparedPatch {
  /** It says itself who owns what, and makes an object that is not there. */
  readonly isApply: boolean
  apply(current: KubeObject): KubeObject
  /** Filled by `apply`. */
  readonly warnings: string[]
}
