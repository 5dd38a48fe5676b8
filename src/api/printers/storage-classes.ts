import { ownValue } from '../own.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const storageClassColumns: readonly Column[] = [
  { ...nameColumn, cell: nameOfClass },
  describedColumn('Provisioner', 'storage.v1.StorageClass.provisioner', object =>
    text(object.provisioner),
  ),
  describedColumn('ReclaimPolicy', 'storage.v1.StorageClass.reclaimPolicy', object =>
    text(object.reclaimPolicy, 'Delete'),
  ),
  describedColumn('VolumeBindingMode', 'storage.v1.StorageClass.volumeBindingMode', object =>
    text(object.volumeBindingMode, 'Immediate'),
  ),
  describedColumn(
    'AllowVolumeExpansion',
    'storage.v1.StorageClass.allowVolumeExpansion',
    object => object.allowVolumeExpansion ?? false,
  ),
  ageColumn,
]

const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** Source: pkg/apis/storage/util/helpers.go IsDefaultAnnotation. */
function nameOfClass({ metadata }: KubeObject): string {
  const isDefault = defaultMarks.some(mark => ownValue(metadata.annotations, mark) === 'true')
  return `${metadata.name}${isDefault ? ' (default)' : ''}`
}

function text(value: unknown, none = ''): string {
  return typeof value === 'string' ? value : none
}

export const csiDriverColumns: readonly Column[] = [
  nameColumn,
  driverColumn('AttachRequired', 'attachRequired', spec => spec.attachRequired ?? true, 'boolean'),
  driverColumn('PodInfoOnMount', 'podInfoOnMount', spec => spec.podInfoOnMount ?? false, 'boolean'),
  driverColumn(
    'StorageCapacity',
    'storageCapacity',
    spec => spec.storageCapacity ?? false,
    'boolean',
  ),
  driverColumn('TokenRequests', 'tokenRequests', spec =>
    spec.tokenRequests === undefined
      ? '<unset>'
      : spec.tokenRequests.map((one: { audience?: string }) => one.audience ?? '').join(','),
  ),
  driverColumn(
    'RequiresRepublish',
    'requiresRepublish',
    spec => spec.requiresRepublish ?? false,
    'boolean',
  ),
  driverColumn(
    'Modes',
    'volumeLifecycleModes',
    spec => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
  ),
  ageColumn,
]

function driverColumn(
  name: string,
  field: string,
  cell: (spec: KubeObject['spec']) => ReturnType<Column['cell']>,
  type: Column['type'] = 'string',
): Column {
  const path = `storage.v1.CSIDriverSpec.${field}`
  return describedColumn(name, path, object => cell(object.spec ?? {}), type)
}

export const csiNodeColumns: readonly Column[] = [
  nameColumn,
  column(
    'Drivers',
    ({ spec }) => spec?.drivers?.length ?? 0,
    'Drivers indicates the number of CSI drivers registered on the node',
    'integer',
  ),
  ageColumn,
]

export const csiStorageCapacityColumns: readonly Column[] = [
  nameColumn,
  describedColumn('StorageClassName', 'storage.v1.CSIStorageCapacity.storageClassName', object =>
    text(object.storageClassName),
  ),
  describedColumn('Capacity', 'storage.v1.CSIStorageCapacity.capacity', object =>
    text(object.capacity, '<unset>'),
  ),
]

export const volumeAttachmentColumns: readonly Column[] = [
  nameColumn,
  {
    ...column('Attacher', ({ spec }) => text(spec?.attacher), ''),
    format: 'name',
    description:
      'attacher indicates the name of the volume driver that MUST handle this request. This is ' +
      'the name returned by GetPluginName().',
  },
  describedColumn('PV', 'storage.v1.VolumeAttachmentSource.persistentVolumeName', ({ spec }) =>
    text(spec?.source?.persistentVolumeName),
  ),
  describedColumn('Node', 'storage.v1.VolumeAttachmentSpec.nodeName', ({ spec }) =>
    text(spec?.nodeName),
  ),
  describedColumn(
    'Attached',
    'storage.v1.VolumeAttachmentStatus.attached',
    ({ status }) => status?.attached ?? false,
    'boolean',
  ),
  ageColumn,
]

export const volumeAttributesClassColumns: readonly Column[] = [
  nameColumn,
  describedColumn('DriverName', 'storage.v1.VolumeAttributesClass.driverName', object =>
    text(object.driverName),
  ),
  ageColumn,
]
