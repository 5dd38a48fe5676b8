import { pullPolicyOf } from '../image-name.ts'
import type { KubeObject } from '../types.ts'

/** Source: kubernetes pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolume. */
export function defaultPersistentVolume(volume: KubeObject): void {
  volume.status ??= {}
  volume.status.phase ||= 'Pending'
  volume.spec ??= {}
  const { spec } = volume
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  defaultVolumeSource(spec)
}

const fileSystem = 'ext4'

/** Of persistent volumes and of pods. Source: zz_generated.defaults.go. */
export function defaultVolumeSource(source: {
  hostPath?: { type?: string }
  // biome-ignore lint/suspicious/noExplicitAny: the sources that have defaults are of many kinds
  [kind: string]: any
}): void {
  if (source.hostPath) source.hostPath.type ??= ''
  if (source.iscsi) source.iscsi.iscsiInterface ||= 'default'
  if (source.image) source.image.pullPolicy ||= pullPolicyOf(source.image.reference ?? '')
  const { rbd, azureDisk, scaleIO, ephemeral } = source
  if (ephemeral?.volumeClaimTemplate) {
    ephemeral.volumeClaimTemplate.spec ??= {}
    defaultClaimSpec(ephemeral.volumeClaimTemplate.spec)
  }
  if (rbd) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= fileSystem
    azureDisk.readOnly ??= false
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}

/** Source: SetDefaults_PersistentVolumeClaim. */
export function defaultPersistentVolumeClaim(claim: KubeObject): void {
  claim.status ??= {}
  claim.status.phase ||= 'Pending'
  claim.spec ??= {}
  defaultClaimSpec(claim.spec)
}

/** Also in templates. Source: SetDefaults_PersistentVolumeClaimSpec. */
export function defaultClaimSpec(spec: KubeObject['spec']): void {
  spec.volumeMode ??= 'Filesystem'
}
