import { defaultPersistentVolume, defaultPersistentVolumeClaim } from '../defaults/volumes.ts'
import { persistentVolumeClaimColumns, persistentVolumeColumns } from '../printers/volumes.ts'
import {
  claimWarnings,
  normalizeDataSources,
  validateClaim,
  validateClaimStatus,
  validateClaimUpdate,
} from '../validation/claims.ts'
import {
  persistentVolumeWarnings,
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from '../validation/persistent-volumes.ts'
import { row, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/core/persistentvolume/strategy.go. */
export const persistentVolumes = row('v1', {
  resource: 'persistentvolumes',
  kind: 'PersistentVolume',
  returnsDeleted: true,
  shortNames: ['pv'],
  namespaced: false,
  status: true,
  subresources: [statusOf('PersistentVolume')],
  applyDefaults: defaultPersistentVolume,
  prepareCreate(object) {
    // What was created in this moment has changed its phase in it.
    const { creationTimestamp } = object.metadata
    object.status = { phase: 'Pending', lastPhaseTransitionTime: creationTimestamp }
  },
  prepareStatus(next, old, now) {
    const { phase, lastPhaseTransitionTime: since } = next.status ?? {}
    const before = old.status ?? {}
    const isSame = phase === before.phase
    if (isSame && !since && before.lastPhaseTransitionTime) {
      next.status = { ...next.status, lastPhaseTransitionTime: before.lastPhaseTransitionTime }
    } else if (!isSame && (!since || since === before.lastPhaseTransitionTime)) {
      next.status = { ...next.status, lastPhaseTransitionTime: now }
    }
  },
  validate: validatePersistentVolume,
  validateUpdate: validatePersistentVolumeUpdate,
  warnings: persistentVolumeWarnings,
  columns: persistentVolumeColumns,
})

/** Source: kubernetes pkg/registry/core/persistentvolumeclaim/strategy.go. */
export const persistentVolumeClaims = row('v1', {
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  returnsDeleted: true,
  shortNames: ['pvc'],
  status: true,
  subresources: [statusOf('PersistentVolumeClaim')],
  applyDefaults: defaultPersistentVolumeClaim,
  prepareCreate(object) {
    object.status = { phase: 'Pending' }
    normalizeDataSources(object.spec, undefined)
  },
  prepareUpdate: (next, old) => normalizeDataSources(next.spec, old.spec),
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
  validateStatus: validateClaimStatus,
  warnings: claimWarnings,
  columns: persistentVolumeClaimColumns,
})
