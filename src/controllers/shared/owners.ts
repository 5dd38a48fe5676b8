import { apiVersionOf, type Kind } from '../../api/kinds.ts'
import type { KubeObject, OwnerReference } from '../../api/types.ts'

/** The owner that manages the object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(reference => reference.controller)
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid
}

export function newControllerRef<T extends KubeObject>(owner: T, kind: Kind<T>): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Index by controlling owner's uid. */
export const byController = 'controller-uid'

export function controllerUidIndex(object: KubeObject): readonly string[] {
  const owner = controllerOf(object)
  return owner ? [owner.uid] : []
}
