import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, type DiskFile, readAt } from './disk.ts'

/**
 * A directory of which nothing is changed, whatever its user does: writes, renames and removals are
 * accepted and forgotten. So a stopped member's log can be read with the code that recovers it.
 * A file that is not there is an empty one.
 * @throws Error with `ENOENT` when there is no such directory.
 */
export function createReadOnlyDisk(directory: string): Disk {
  const names = readdirSync(directory)
  return {
    list: () => [...names],
    open: name => (names.includes(name) ? openFile(join(directory, name)) : emptyFile),
    rename() {},
    remove() {},
    syncDirectory() {},
  }
}

const emptyFile: DiskFile = {
  size: () => 0,
  write() {},
  read: () => new Uint8Array(0),
  sync() {},
  close() {},
}

function openFile(file: string): DiskFile {
  const descriptor = openSync(file, 'r')
  return {
    ...emptyFile,
    size: () => fstatSync(descriptor).size,
    read: (position, length) => readAt(descriptor, position, length),
    close: () => closeSync(descriptor),
  }
}
