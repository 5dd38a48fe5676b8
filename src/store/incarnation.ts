import type { Disk } from '../wal/disk.ts'

const fileName = 'incarnation'
const slotBytes = 16

/**
 * A number that grows with each start: proposals of a former life are told apart by it, or a
 * restarted member's writes would be dropped as repeats.
 *
 *   slot 0: even numbers "000000000000002\n"   slot 1: odd numbers "000000000000003\n"
 *
 * Two slots, so that a torn write leaves the other. A slot never written is zeros, and counts as 0.
 */
export function nextIncarnation(disk: Disk): number {
  const exists = disk.list().includes(fileName)
  const file = disk.open(fileName)
  const bytes = Buffer.from(file.read(0, 2 * slotBytes))
  const known = [0, slotBytes].map(at => {
    const text = bytes.subarray(at, at + slotBytes).toString('latin1')
    return /^\d{15}\n$/.test(text) ? Number(text) : 0
  })
  const next = Math.max(...known) + 1
  file.write(Buffer.from(`${String(next).padStart(slotBytes - 1, '0')}\n`), (next % 2) * slotBytes)
  file.sync()
  file.close()
  if (!exists) disk.syncDirectory()
  return next
}

/**
 * The number before the first question that a member asks in this life. Answers may outlast the
 * process that asked: one to a former life's question must fit none of this one's, or a read is
 * confirmed at an index of long ago. 2^30 questions a life, 2^23 lives.
 */
export function firstIdOf(incarnation: number): number {
  return incarnation * 2 ** 30
}
