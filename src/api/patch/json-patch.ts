import { isDeepStrictEqual } from 'node:util'
import { requestBodyBytesMax } from '../../kernel/limits.ts'
import { cloneJson, stringifyJson } from '../json.ts'
import { setOwn } from '../own.ts'
import { isRecord } from './merge.ts'

/**
 * JSON patch, RFC 6902, as evanphx/json-patch v4 has it: negative indices count from a list's end,
 * and what `copy` operations add is bounded in sum, for 26 of them double 1 kB to 64 GB.
 */

/** Operations of one patch. Source: apiserver endpoints/handlers/patch.go. */
export const operationsMax = 10_000
/** Bytes that the copies of one patch may add. Source: apiserver server/config.go. */
const copiedBytesMax = requestBodyBytesMax
/** Items of lists that one patch may move aside: inserting at the front is not free. */
const shiftedItemsMax = 50_000_000

/** Thrown for a patch that can't be applied: HTTP 422. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError'
}

interface Operation {
  readonly op?: unknown
  readonly path?: unknown
  readonly from?: unknown
  readonly value?: unknown
}

/** Where a pointer leads: the parent, and the key or index below it. */
interface Place {
  readonly parent: Record<string, unknown> | unknown[]
  readonly key: string
}

/** Applies `patch` to a copy of `document`, which is not changed. @throws JsonPatchError */
export function applyJsonPatch(document: unknown, patch: readonly unknown[]): unknown {
  return new Patching(cloneJson(document)).run(patch)
}

class Patching {
  readonly #root: { document: unknown }
  #copiedBytes = 0
  #shiftedItems = 0

  constructor(document: unknown) {
    this.#root = { document }
  }

  run(patch: readonly unknown[]): unknown {
    for (const one of patch) {
      if (!isRecord(one)) throw new JsonPatchError('an operation must be an object')
      this.#apply(one)
    }
    return this.#root.document
  }

  #apply(operation: Operation): void {
    const { op, value } = operation
    const path = pointerOf(operation.path, 'path')
    switch (op) {
      case 'add':
        this.#add(path, structuredClone(required(operation, 'value', value)))
        return
      case 'replace':
        this.#get(path)
        this.#set(path, structuredClone(required(operation, 'value', value)))
        return
      case 'remove':
        this.#remove(path)
        return
      case 'move': {
        const from = pointerOf(operation.from, 'from')
        const moved = this.#get(from)
        this.#remove(from)
        this.#add(path, moved)
        return
      }
      case 'copy':
        this.#add(path, this.#copied(this.#get(pointerOf(operation.from, 'from'))))
        return
      case 'test':
        this.#test(path, value ?? null)
        return
      default:
        throw new JsonPatchError(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
    }
  }

  #copied(value: unknown): unknown {
    this.#copiedBytes += Buffer.byteLength(stringifyJson(value))
    if (this.#copiedBytes > copiedBytesMax) {
      throw new JsonPatchError(
        `Unable to complete the copy, the accumulated size increase of copy is ` +
          `${this.#copiedBytes}, exceeding the limit ${copiedBytesMax}`,
      )
    }
    return structuredClone(value)
  }

  #test(path: readonly string[], wanted: unknown): void {
    let found: unknown = null
    try {
      found = this.#get(path)
    } catch (error) {
      if (wanted !== null) throw error
    }
    if (!isDeepStrictEqual(found, wanted)) {
      throw new JsonPatchError(`testing value ${pathText(path)} failed`)
    }
  }

  #get(path: readonly string[]): unknown {
    const { parent, key } = this.#place(path)
    if (!Array.isArray(parent)) {
      if (!Object.hasOwn(parent, key)) throw missing(path)
      return parent[key]
    }
    const index = indexOf(key, parent.length)
    if (index === undefined || index >= parent.length) throw missing(path)
    return parent[index]
  }

  /** Replaces what is there. */
  #set(path: readonly string[], value: unknown): void {
    const { parent, key } = this.#place(path)
    if (Array.isArray(parent)) parent[indexOf(key, parent.length) ?? 0] = value
    else setOwn(parent, key, value)
  }

  #add(path: readonly string[], value: unknown): void {
    const { parent, key } = this.#place(path)
    if (!Array.isArray(parent)) {
      setOwn(parent, key, value)
      return
    }
    const index = key === '-' ? parent.length : indexOf(key, parent.length + 1)
    if (index === undefined || index > parent.length) throw missing(path)
    this.#shift(parent.length - index)
    parent.splice(index, 0, value)
  }

  #remove(path: readonly string[]): void {
    const { parent, key } = this.#place(path)
    this.#get(path)
    if (!Array.isArray(parent)) {
      delete parent[key]
      return
    }
    const index = indexOf(key, parent.length) ?? 0
    this.#shift(parent.length - index)
    parent.splice(index, 1)
  }

  #shift(items: number): void {
    this.#shiftedItems += items
    if (this.#shiftedItems > shiftedItemsMax) {
      throw new JsonPatchError('the patch moves too many items of lists')
    }
  }

  #place(path: readonly string[]): Place {
    let parent: unknown = this.#root
    for (const key of ['document', ...path.slice(0, -1)]) {
      if (path.length === 0) break
      parent = childOf(parent, key)
    }
    if (!isRecord(parent) && !Array.isArray(parent)) throw missing(path)
    return { parent, key: path.at(-1) ?? 'document' }
  }
}

function childOf(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) {
    const index = indexOf(key, parent.length)
    return index === undefined ? undefined : parent[index]
  }
  return isRecord(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined
}

function indexOf(key: string, length: number): number | undefined {
  if (!/^-?(0|[1-9][0-9]{0,9})$/.test(key)) return undefined
  const index = Number(key)
  if (index >= 0) return index
  return index < -length ? undefined : index + length
}

function pointerOf(pointer: unknown, field: string): string[] {
  if (typeof pointer !== 'string') throw new JsonPatchError(`operation missing ${field} field`)
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw missing([pointer])
  return pointer
    .slice(1)
    .split('/')
    .map(part => part.replace(/~1/g, '/').replace(/~0/g, '~'))
}

function required(operation: Operation, field: string, value: unknown): unknown {
  if (!Object.hasOwn(operation, field)) {
    throw new JsonPatchError(`operation missing ${field} field`)
  }
  return value
}

function missing(path: readonly string[]): JsonPatchError {
  return new JsonPatchError(`doc is missing path: ${pathText(path)}: missing value`)
}

function pathText(path: readonly string[]): string {
  return path.map(part => `/${part}`).join('')
}
