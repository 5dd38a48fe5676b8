import { isDeepStrictEqual } from 'node:util'
import { defaultCsiDriver, defaultStorageClass } from '../defaults/storage.ts'
import {
  csiDriverColumns,
  csiNodeColumns,
  csiStorageCapacityColumns,
  storageClassColumns,
  volumeAttachmentColumns,
  volumeAttributesClassColumns,
} from '../printers/storage.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'storage.k8s.io/v1'

/** Source of all: kubernetes pkg/registry/storage. */
export const storageRows: readonly ResourceRow[] = [
  row(gv, {
    resource: 'csidrivers',
    kind: 'CSIDriver',
    namespaced: false,
    needsVersion: true,
    applyDefaults: defaultCsiDriver,
    // Counted only from the first change on.
    prepareUpdate(next, old) {
      if (isDeepStrictEqual(next.spec, old.spec)) return
      next.metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    columns: csiDriverColumns,
  }),
  row(gv, {
    resource: 'csinodes',
    kind: 'CSINode',
    namespaced: false,
    needsVersion: true,
    columns: csiNodeColumns,
  }),
  row(gv, {
    resource: 'csistoragecapacities',
    kind: 'CSIStorageCapacity',
    needsVersion: true,
    columns: csiStorageCapacityColumns,
  }),
  row(gv, {
    resource: 'storageclasses',
    kind: 'StorageClass',
    shortNames: ['sc'],
    namespaced: false,
    applyDefaults: defaultStorageClass,
    columns: storageClassColumns,
  }),
  row(gv, {
    resource: 'volumeattachments',
    kind: 'VolumeAttachment',
    namespaced: false,
    needsVersion: true,
    status: true,
    subresources: [statusOf('VolumeAttachment', { keepsMetadata: true })],
    prepareCreate(object) {
      delete object.status
    },
    columns: volumeAttachmentColumns,
  }),
  row(gv, {
    resource: 'volumeattributesclasses',
    kind: 'VolumeAttributesClass',
    shortNames: ['vac'],
    namespaced: false,
    columns: volumeAttributesClassColumns,
  }),
]
