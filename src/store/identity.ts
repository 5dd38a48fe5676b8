import type { Disk } from '../wal/disk.ts'

const fileName = 'store-id'

/**
 * Names this disk: made the first time and kept. A member whose disk was lost comes back with
 * another one, and is refused: it has forgotten its votes and its acknowledgements.
 */
export function storeIdOf(disk: Disk, create: () => string): string {
  if (disk.list().includes(fileName)) {
    const file = disk.open(fileName)
    const text = Buffer.from(file.read(0, file.size())).toString('latin1')
    file.close()
    if (text.endsWith('\n')) return text.trim()
  }
  const id = create()
  const file = disk.open(fileName)
  file.write(Buffer.from(`${id}\n`), 0)
  file.sync()
  file.close()
  disk.syncDirectory()
  return id
}
