import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/storage/v1/defaults.go. */

export function defaultStorageClass(object: KubeObject): void {
  object.reclaimPolicy ??= 'Delete'
  object.volumeBindingMode ??= 'Immediate'
}

export function defaultCsiDriver(object: KubeObject): void {
  object.spec ??= {}
  const { spec } = object
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}
