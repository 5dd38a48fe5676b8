import { kinds } from '../../api/kinds.ts'
import type { Pod } from '../../api/objects.ts'
import type { KubeObject } from '../../api/types.ts'
import { type Controller, watch } from '../types.ts'
import { protectionOf } from './protection.ts'

/** A claim stays while a pod that has a node uses it. Source: pvc_protection_controller.go. */
export const claimProtection: Controller = protectionOf({
  name: 'persistentvolumeclaim-protection',
  kind: kinds.persistentVolumeClaims,
  finalizer: 'kubernetes.io/pvc-protection',
  users: [
    watch(kinds.pods, pod =>
      (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim: claim, ephemeral }) => {
        if (claim !== undefined) return [`${pod.metadata.namespace}/${claim.claimName}`]
        return ephemeral ? [`${pod.metadata.namespace}/${pod.metadata.name}-${name}`] : []
      }),
    ),
  ],
  async isUsed(claim, context) {
    const { namespace = '' } = claim.metadata
    const uses = (pod: Pod) => usesClaim(pod, claim)
    if (context.lister(kinds.pods).byNamespace(namespace).some(uses)) return true
    // The cache may not have the newest pods: ask the API itself.
    return (await context.client.list(kinds.pods, { namespace })).items.some(uses)
  },
})

function usesClaim(pod: Pod, claim: KubeObject): boolean {
  // No kubelet starts a pod whose claim is going: one without a node does not count.
  if (!pod.spec.nodeName) return false
  const { name, ownerReferences = [] } = claim.metadata
  const isOwner = ownerReferences.some(one => one.controller && one.uid === pod.metadata.uid)
  return (pod.spec.volumes ?? []).some(volume => {
    if (volume.persistentVolumeClaim?.claimName === name) return true
    const made = volume.ephemeral && isOwner && `${pod.metadata.name}-${volume.name}` === name
    return Boolean(made) && !isShutDown(pod)
  })
}

/** The kubelet is done with it, or it was taken from it by force. */
function isShutDown({ metadata }: Pod): boolean {
  return Boolean(metadata.deletionTimestamp) && metadata.deletionGracePeriodSeconds === 0
}

/** A volume stays while a claim is bound to it. Source: pv_protection_controller.go. */
export const volumeProtection: Controller = protectionOf({
  name: 'persistentvolume-protection',
  kind: kinds.persistentVolumes,
  finalizer: 'kubernetes.io/pv-protection',
  users: [],
  isUsed: volume => volume.status?.phase === 'Bound',
})

/**
 * A class of attributes stays while claims or volumes have it, or are to have it.
 * Source: vac_protection_controller.go.
 */
export const attributesProtection: Controller = protectionOf({
  name: 'volumeattributesclass-protection',
  kind: kinds.volumeAttributesClasses,
  finalizer: 'kubernetes.io/vac-protection',
  users: [
    watch(kinds.persistentVolumeClaims, (claim, _context, old) => [
      ...classesOf(claim),
      ...(old ? classesOf(old) : []),
    ]),
    watch(kinds.persistentVolumes, (volume, _context, old) => [
      ...classesOf(volume),
      ...(old ? classesOf(old) : []),
    ]),
  ],
  isUsed({ metadata: { name = '' } }, context) {
    const has = (object: KubeObject) => classesOf(object).includes(name)
    const claims = context.lister(kinds.persistentVolumeClaims).list()
    return claims.some(has) || context.lister(kinds.persistentVolumes).list().some(has)
  },
})

function classesOf({ spec, status }: KubeObject): string[] {
  const { modifyVolumeStatus: change } = status ?? {}
  const names = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName]
  return [...names, change?.targetVolumeAttributesClassName].filter(Boolean)
}
