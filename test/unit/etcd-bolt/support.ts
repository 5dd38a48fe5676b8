import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planBolt } from '../../../src/etcd/bolt/plan.ts'
import { type BoltBucket, type BoltFile, openBolt } from '../../../src/etcd/bolt/read.ts'
import { createRest } from '../../../src/etcd/bolt/rest.ts'
import type { AnyBucketSource, BucketSource, KeyedValue } from '../../../src/etcd/bolt/source.ts'
import { writeBolt } from '../../../src/etcd/bolt/write.ts'

/** A folder that goes when the test file ends. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'quorate-bolt-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A bucket of sorted entries, in slices of `sliceRows`. */
export function source(
  name: string,
  entries: readonly KeyedValue[],
  sliceRows = 100,
): BucketSource<KeyedValue> {
  return {
    name: Buffer.from(name, 'latin1'),
    *slices() {
      for (let at = 0; at < entries.length; at += sliceRows) yield entries.slice(at, at + sliceRows)
    },
    keyBytes: entry => entry.key.length,
    valueBytes: entry => entry.value.length,
    writeKey: (entry, target, at) => void entry.key.copy(target, at),
    writeValue: (entry, target, at) => void entry.value.copy(target, at),
  }
}

/** The bytes of a file with these buckets. */
export async function boltBytes(sources: readonly AnyBucketSource[]): Promise<Buffer> {
  const rest = createRest()
  const plan = await planBolt(sources, rest)
  const chunks: Buffer[] = []
  for await (const chunk of writeBolt(plan, rest)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (bytes.length !== plan.bytes) throw new Error(`${bytes.length} bytes, not ${plan.bytes}`)
  return bytes
}

export function putFile(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** All buckets and entries, as hex, for comparison. */
export async function dump(path: string): Promise<Record<string, [string, string][]>> {
  const file = await openBolt(path)
  try {
    return await dumpFile(file)
  } finally {
    await file.close()
  }
}

async function dumpFile(file: BoltFile): Promise<Record<string, [string, string][]>> {
  const all: Record<string, [string, string][]> = {}
  const buckets: BoltBucket[] = []
  for await (const slice of file.buckets()) buckets.push(...slice)
  for (const bucket of buckets) {
    const entries = await bucket.entries()
    all[bucket.name] = entries.map(({ key, value }) => [key.toString('hex'), hexOf(value)])
  }
  return all
}

export function hexOf(value: Buffer): string {
  return value.toString('hex')
}
