import { ownValue } from '../own.ts'
import { canonicalQuantity } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn, wideColumn } from './types.ts'

/** Source: printers.go printPersistentVolume, printPersistentVolumeClaim. */

export const persistentVolumeColumns: readonly Column[] = [
  nameColumn,
  column(
    'Capacity',
    object => storageOf(object.spec?.capacity),
    "capacity is the description of the persistent volume's resources and capacity. More " +
      'info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity',
  ),
  column(
    'Access Modes',
    object => modesText(object.spec?.accessModes),
    'accessModes contains all ways the volume can be mounted. More info: ' +
      'https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes',
  ),
  column(
    'Reclaim Policy',
    object => object.spec?.persistentVolumeReclaimPolicy ?? '',
    'persistentVolumeReclaimPolicy defines what happens to a persistent volume when ' +
      'released from its claim. Valid options are Retain (default for manually created ' +
      'PersistentVolumes), Delete (default for dynamically provisioned PersistentVolumes), ' +
      'and Recycle (deprecated). Recycle must be supported by the volume plugin underlying ' +
      'this PersistentVolume. More info: ' +
      'https://kubernetes.io/docs/concepts/storage/persistent-volumes#reclaiming',
  ),
  column(
    'Status',
    phaseOf,
    'phase indicates if a volume is available, bound to a claim, or released by a claim. ' +
      'More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#phase',
  ),
  column(
    'Claim',
    ({ spec }) =>
      spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    'claimRef is part of a bi-directional binding between PersistentVolume and ' +
      'PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the ' +
      'authoritative bind between PV and PVC. More info: ' +
      'https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
  ),
  column('StorageClass', classOf, 'StorageClass of the pv'),
  column(
    'VolumeAttributesClass',
    object => object.spec?.volumeAttributesClassName ?? '<unset>',
    'VolumeAttributesClass of the pv',
  ),
  column(
    'Reason',
    object => object.status?.reason ?? '',
    'reason is a brief CamelCase string that describes any failure and is meant for ' +
      'machine parsing and tidy display in the CLI.',
  ),
  ageColumn,
  wideColumn(
    'VolumeMode',
    object => object.spec?.volumeMode ?? '<unset>',
    'volumeMode defines if a volume is intended to be used with a formatted filesystem ' +
      'or to remain in raw block state. Value of Filesystem is implied when not included ' +
      'in spec.',
  ),
]

export const persistentVolumeClaimColumns: readonly Column[] = [
  nameColumn,
  column('Status', phaseOf, 'phase represents the current phase of PersistentVolumeClaim.'),
  column(
    'Volume',
    object => object.spec?.volumeName ?? '',
    'volumeName is the binding reference to the PersistentVolume backing this claim.',
  ),
  column(
    'Capacity',
    object => (object.spec?.volumeName ? storageOf(object.status?.capacity) : ''),
    'capacity represents the actual resources of the underlying volume.',
  ),
  column(
    'Access Modes',
    object => (object.spec?.volumeName ? modesText(object.status?.accessModes) : ''),
    'accessModes contains the actual access modes the volume backing the PVC has. More ' +
      'info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1',
  ),
  column('StorageClass', classOf, 'StorageClass of the pvc'),
  column(
    'VolumeAttributesClass',
    object => object.spec?.volumeAttributesClassName ?? '<unset>',
    'VolumeAttributesClass of the pvc',
  ),
  ageColumn,
  wideColumn(
    'VolumeMode',
    object => object.spec?.volumeMode ?? '<unset>',
    'volumeMode defines what type of volume is required by the claim. Value of ' +
      'Filesystem is implied when not included in claim spec.',
  ),
]

function phaseOf({ metadata, status }: KubeObject): string {
  return metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')
}

function storageOf(list: Record<string, string> | undefined): string {
  const storage = ownValue(list, 'storage')
  return storage === undefined ? '0' : canonicalQuantity(storage)
}

/** The annotation is older, and wins. Source: core/helper GetPersistentVolumeClass. */
function classOf({ metadata, spec }: KubeObject): string {
  const annotated = ownValue(metadata.annotations, 'volume.beta.kubernetes.io/storage-class')
  return annotated ?? spec?.storageClassName ?? ''
}

const modes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

function modesText(given: readonly string[] | undefined): string {
  const has = modes.filter(([mode]) => given?.includes(mode))
  return has.map(([, short]) => short).join(',')
}
