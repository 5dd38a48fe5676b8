import { apiVersionOf } from '../../api/kinds.ts'
import {
  encodeMessageOf,
  envelopeHead,
  envelopeTail,
  listItem,
  listMetadata,
} from '../../api/schema/protobuf-encode.ts'
import { type Entry, objectOf } from '../storage/entry.ts'
import { inVersion } from '../storage/versions.ts'
import type { Format } from './format.ts'
import { sliceItemsMax } from './respond.ts'
import type { Target } from './target.ts'

/** Messages of entries as they are listed, for as long as the entries are kept. */
const messages = new WeakMap<Entry, Buffer>()

/** The kind that an answer's objects have: their own, or that of their metadata alone. */
function kindIn({ row, served }: Target, { shape, metaVersion }: Format) {
  return shape === 'metadata'
    ? { apiVersion: `meta.k8s.io/${metaVersion}`, kind: 'PartialObjectMetadata' }
    : { apiVersion: apiVersionOf(served), kind: row.kind }
}

/**
 * A list in protobuf. Its length stands before its items, and so they are all made before the first
 * byte goes out: between slices others have their turn.
 */
export async function protobufList(
  target: Target,
  format: Format,
  metadata: Readonly<Record<string, unknown>>,
  entries: readonly Entry[],
): Promise<Buffer> {
  const { apiVersion, kind } = kindIn(target, format)
  const pieces = [listMetadata(metadata)]
  for (const [at, entry] of entries.entries()) {
    if (at > 0 && at % sliceItemsMax === 0) {
      await new Promise<void>(resolve => setImmediate(resolve))
    }
    pieces.push(listItem(itemOf(target, format, entry)))
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const head = envelopeHead(apiVersion, `${kind}List`, bytes)
  return Buffer.concat([head, ...pieces, envelopeTail])
}

function itemOf({ row, served }: Target, { shape }: Format, stored: Entry): Buffer {
  const entry = inVersion(row, served, stored)
  if (shape === 'metadata') {
    return encodeMessageOf('meta.k8s.io/v1', 'PartialObjectMetadata', {
      metadata: objectOf(entry).metadata,
    })
  }
  let message = messages.get(entry)
  if (message === undefined) {
    message = encodeMessageOf(apiVersionOf(served), row.kind, {
      ...(objectOf(entry) as unknown as Record<string, unknown>),
    })
    messages.set(entry, message)
  }
  return message
}
