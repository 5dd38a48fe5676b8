/** JSON as it comes over the wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Source: meta/v1 OwnerReference. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** Source: meta/v1 ObjectMeta. Times are RFC 3339 in UTC with seconds. */
export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: Json[]
}

/** Any object of the API. Typed kinds extend it. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
  // biome-ignore lint/suspicious/noExplicitAny: an object of a kind that the code does not name
  [field: string]: any
}

/** Source: meta/v1 List. */
export interface KubeList<T = KubeObject> {
  apiVersion?: string
  kind?: string
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
  items: T[]
}
