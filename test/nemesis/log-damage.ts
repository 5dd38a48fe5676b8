import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Prng } from '../../src/kernel/prng.ts'
import { framedBytes, frameHeaderBytes } from '../../src/wal/frame.ts'

/** Of a frame's header; see src/wal/frame.ts. */
const magic = 0x51574c31
const tornBytesMax = 96

interface Newest {
  readonly file: string
  readonly data: Buffer
  /** Offsets of its frames. */
  readonly frames: readonly number[]
  /** Where the next frame would begin. */
  readonly end: number
}

/** A write that was cut off by a crash: the beginning of a frame after the last one. */
export function tearTail(folder: string, prng: Prng): void {
  const { file, end } = newestSegment(folder)
  const torn = Buffer.alloc(frameHeaderBytes + prng.below(tornBytesMax))
  for (let at = 0; at < torn.length; at++) torn[at] = prng.below(256)
  torn.writeUInt32LE(magic, 0)
  torn.writeUInt32LE(1_000 + prng.below(1_000), 4)
  write(file, torn, end)
}

/**
 * Flips a bit of a payload that readable frames follow; what a crash can't have done. False when
 * the log is too short for that.
 */
export function flipByte(folder: string, prng: Prng): boolean {
  const { file, data, frames } = newestSegment(folder)
  if (frames.length < 4) return false
  const frame = frames[prng.below(frames.length - 3)]!
  const length = data.readUInt32LE(frame + 4)
  const position = frame + frameHeaderBytes + prng.below(length)
  write(file, Buffer.from([data[position]! ^ (1 << prng.below(8))]), position)
  return true
}

function newestSegment(folder: string): Newest {
  const names = readdirSync(folder).filter(name => /^wal-\d+\.log$/.test(name))
  const file = join(folder, names.sort().at(-1)!)
  const data = readFileSync(file)
  const frames: number[] = []
  let end = 0
  while (end + frameHeaderBytes <= data.length && data.readUInt32LE(end) === magic) {
    frames.push(end)
    end += framedBytes(data.readUInt32LE(end + 4))
  }
  return { file, data, frames, end }
}

function write(file: string, bytes: Buffer, position: number): void {
  const handle = openSync(file, 'r+')
  try {
    writeSync(handle, bytes, 0, bytes.length, position)
  } finally {
    closeSync(handle)
  }
}
