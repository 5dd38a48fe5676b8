import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { validateDescendingPath } from './paths.ts'
import { oneOf, present } from './rules.ts'

/** Where containers have volumes. Source: kubernetes pkg/apis/core/validation/validation.go. */

const propagations = ['Bidirectional', 'HostToContainer', 'None']

export function validateMounts(
  container: Loose,
  path: string,
  volumes: ReadonlyMap<string, Loose>,
  causes: Causes,
): void {
  const devices: readonly Loose[] = container.volumeDevices ?? []
  const list = `${path}.volumeMounts`
  const seen = new Set<string>()
  each(container.volumeMounts as Loose[], list, (mount, at) => {
    const { name = '', mountPath = '', subPath, subPathExpr } = mount
    present(name, `${at}.name`, causes)
    if (!volumes.has(name)) causes.notFound(`${at}.name`, name)
    present(mountPath, `${at}.mountPath`, causes)
    if (seen.has(mountPath)) causes.invalid(`${at}.mountPath`, mountPath, 'must be unique')
    seen.add(mountPath)
    if (devices.some(device => device.name === name)) {
      causes.invalid(`${at}.name`, name, 'must not already exist in volumeDevices')
    }
    if (devices.some(device => device.devicePath === mountPath)) {
      const text = 'must not already exist as a path in volumeDevices'
      causes.invalid(`${at}.mountPath`, mountPath, text)
    }
    // Upstream names the list, not the mount.
    if (subPath) validateDescendingPath(subPath, `${list}.subPath`, causes)
    if (subPathExpr) {
      if (subPath) {
        const text = 'subPathExpr and subPath are mutually exclusive'
        causes.invalid(`${at}.subPathExpr`, subPathExpr, text)
      }
      validateDescendingPath(subPathExpr, `${list}.subPathExpr`, causes)
    }
    validatePropagation(mount, container, `${list}.mountPropagation`, causes)
    validateRecursive(mount, `${list}.recursiveReadOnly`, causes)
  })
}

function validatePropagation(mount: Loose, container: Loose, at: string, causes: Causes): void {
  const { mountPropagation: mode } = mount
  oneOf(mode, at, propagations, causes)
  if (mode !== 'Bidirectional' || container.securityContext?.privileged) return
  const text = 'Bidirectional mount propagation is available only to privileged containers'
  causes.forbidden(at, text)
}

function validateRecursive(mount: Loose, at: string, causes: Causes): void {
  const { recursiveReadOnly: mode, readOnly, mountPropagation = 'None' } = mount
  oneOf(mode, at, ['Disabled', 'Enabled', 'IfPossible'], causes)
  if (mode !== 'Enabled' && mode !== 'IfPossible') return
  if (!readOnly) causes.forbidden(at, 'may only be specified when readOnly is true')
  if (mountPropagation !== 'None') {
    causes.forbidden(at, 'may only be specified when mountPropagation is None or not specified')
  }
}

/** Volumes as block devices. */
export function validateDevices(
  container: Loose,
  path: string,
  volumes: ReadonlyMap<string, Loose>,
  causes: Causes,
): void {
  const mounts: readonly Loose[] = container.volumeMounts ?? []
  const names = new Set<string>()
  const paths = new Set<string>()
  each(container.volumeDevices as Loose[], `${path}.volumeDevices`, (device, at) => {
    const { name = '', devicePath = '' } = device
    const volume = volumes.get(name)
    const wrongName = (text: string) => causes.invalid(`${at}.name`, name, text)
    const wrongPath = (text: string) => causes.invalid(`${at}.devicePath`, devicePath, text)
    present(name, `${at}.name`, causes)
    if (names.has(name)) wrongName('must be unique')
    if (volume === undefined) causes.notFound(`${at}.name`, name)
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      wrongName(
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
      )
    }
    present(devicePath, `${at}.devicePath`, causes)
    if (paths.has(devicePath)) wrongPath('must be unique')
    if (String(devicePath).split('/').includes('..')) {
      wrongPath("can not contain backsteps ('..')")
    } else paths.add(devicePath)
    if (mounts.some(mount => mount.name === name)) {
      wrongName('must not already exist in volumeMounts')
    }
    if (mounts.some(mount => mount.mountPath === devicePath)) {
      wrongPath('must not already exist as a path in volumeMounts')
    }
    if (name !== '') names.add(name)
  })
}
