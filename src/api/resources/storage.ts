import { defaultCsiDriver, defaultStorageClass } from '../defaults/storage-classes.ts'
import {
  csiDriverColumns,
  csiNodeColumns,
  storageClassColumns,
  volumeAttachmentColumns,
  volumeAttributesClassColumns,
} from '../printers/storage-classes.ts'
import { defaultColumns } from '../printers/types.ts'
import { semanticEqual } from '../semantic.ts'
import {
  csiDriverWarnings,
  storageCapacityWarnings,
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateCsiNode,
  validateCsiNodeUpdate,
  validateStorageCapacity,
  validateStorageCapacityUpdate,
} from '../validation/csi.ts'
import {
  storageClassWarnings,
  validateStorageClass,
  validateStorageClassUpdate,
  validateVolumeAttributesClass,
  validateVolumeAttributesClassUpdate,
} from '../validation/storage-classes.ts'
import {
  validateVolumeAttachment,
  validateVolumeAttachmentUpdate,
} from '../validation/volume-attachments.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'storage.k8s.io/v1'

/** Source of all: kubernetes pkg/registry/storage. */
export const storageRows: readonly ResourceRow[] = [
  row(gv, {
    resource: 'csidrivers',
    returnsDeleted: true,
    kind: 'CSIDriver',
    namespaced: false,
    needsVersion: true,
    applyDefaults: defaultCsiDriver,
    validate: validateCsiDriver,
    updateIsJudgedAlone: true,
    validateUpdate: validateCsiDriverUpdate,
    warnings: csiDriverWarnings,
    // Counted only from the first change on.
    prepareUpdate(next, old) {
      if (semanticEqual(next.spec, old.spec)) return
      next.metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    columns: csiDriverColumns,
  }),
  row(gv, {
    resource: 'csinodes',
    returnsDeleted: true,
    kind: 'CSINode',
    namespaced: false,
    needsVersion: true,
    validate: validateCsiNode,
    validateUpdate: validateCsiNodeUpdate,
    columns: csiNodeColumns,
  }),
  row(gv, {
    resource: 'csistoragecapacities',
    kind: 'CSIStorageCapacity',
    needsVersion: true,
    validate: (object, causes) => validateStorageCapacity(object, causes),
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: validateStorageCapacityUpdate,
    warnings: storageCapacityWarnings,
    columns: defaultColumns,
  }),
  row(gv, {
    resource: 'storageclasses',
    returnsDeleted: true,
    kind: 'StorageClass',
    shortNames: ['sc'],
    namespaced: false,
    applyDefaults: defaultStorageClass,
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    warnings: storageClassWarnings,
    columns: storageClassColumns,
  }),
  row(gv, {
    resource: 'volumeattachments',
    returnsDeleted: true,
    kind: 'VolumeAttachment',
    namespaced: false,
    needsVersion: true,
    status: true,
    subresources: [statusOf('VolumeAttachment', { keepsMetadata: true })],
    prepareCreate(object) {
      delete object.status
    },
    validate: validateVolumeAttachment,
    updateIsJudgedAlone: true,
    validateUpdate: validateVolumeAttachmentUpdate,
    validateStatus: validateVolumeAttachmentUpdate,
    columns: volumeAttachmentColumns,
  }),
  row(gv, {
    resource: 'volumeattributesclasses',
    returnsDeleted: true,
    kind: 'VolumeAttributesClass',
    shortNames: ['vac'],
    namespaced: false,
    validate: validateVolumeAttributesClass,
    validateUpdate: validateVolumeAttributesClassUpdate,
    columns: volumeAttributesClassColumns,
  }),
]
