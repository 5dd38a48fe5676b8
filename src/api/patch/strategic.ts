import { stringifyJson } from '../json.ts'
import { ownValue, setOwn } from '../own.ts'
import { type ResolvedType, typeByName } from '../schema/lookup.ts'
import type { FieldSchema } from '../schema/types.ts'
import { isRecord, mergePatch } from './merge.ts'

type Fields = Record<string, unknown>

/** Thrown for a patch that makes no sense: HTTP 400. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/**
 * Strategic merge patch: like a merge patch, but lists whose fields say so merge by a key, with the
 * directives `$patch`, `$retainKeys`, `$setElementOrder/x` and `$deleteFromPrimitiveList/x`.
 * Without a type it is a merge patch. Inputs are not changed.
 * Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go.
 * @throws PatchError
 */
export function strategicMerge(
  target: unknown,
  patch: unknown,
  type: ResolvedType | undefined,
): unknown {
  if (!isRecord(patch)) throw new PatchError('a strategic merge patch must be a JSON object')
  if (type === undefined) return mergePatch(target, patch)
  return mergeStruct(isRecord(target) ? target : {}, patch, type)
}

function mergeStruct(target: Fields, patch: Fields, type: ResolvedType | undefined): Fields {
  const directive = patch.$patch
  if (directive === 'replace') return withoutDirectives(patch) as Fields
  if (directive === 'delete') return {}
  if (directive !== undefined) throw unknownType(directive)
  const result = retainKeys(target, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deletePrefix))
      removePrimitives(result, key.slice(deletePrefix.length), value)
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = key.slice(orderPrefix.length)
    setOrdered(result, name, ownValue(patch, name), asList(order), type?.fields.get(name))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || Object.hasOwn(patch, orderPrefix + key)) continue
    if (value === null) delete result[key]
    else setOwn(result, key, mergeField(ownValue(result, key), value, type?.fields.get(key)))
  }
  return result
}

/** `$retainKeys`: of the fields that are there only the listed ones stay. */
function retainKeys(target: Fields, patch: Fields): Fields {
  const keep = patch.$retainKeys
  if (keep === undefined) return { ...target }
  const kept = new Set(asList(keep))
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$') && patch[key] !== null && !kept.has(key)) {
      throw new PatchError('the $retainKeys list must contain all fields of the patch')
    }
  }
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.has(key)))
}

function removePrimitives(result: Fields, name: string, values: unknown): void {
  const gone = new Set(asList(values))
  const list = ownValue(result, name)
  if (Array.isArray(list))
    setOwn(
      result,
      name,
      list.filter(item => !gone.has(item)),
    )
}

/** A list with a `$setElementOrder`, patched or not. Source: mergePatchIntoOriginal. */
function setOrdered(
  result: Fields,
  name: string,
  patch: unknown,
  order: readonly unknown[],
  field: FieldSchema | undefined,
): void {
  const before = ownValue(result, name)
  const key = field?.patchMergeKey
  if (patch === null) {
    delete result[name]
    return
  }
  if (patch === undefined && !Array.isArray(before)) return
  const items = patch === undefined ? [] : asList(patch)
  checkOrder(items, order, key)
  const merged = patch === undefined ? before : mergeField(before, patch, field)
  if (!Array.isArray(merged)) return
  setOwn(result, name, inOrder(merged, Array.isArray(before) ? before : [], order, key))
}

/**
 * What the patch has must come in the order that it asks for.
 * Source: validatePatchWithSetOrderList; upstream answers 500, see docs/divergence.md.
 */
function checkOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): void {
  if (order.length === 0) return
  const kept = patch.filter(item => !(isRecord(item) && item.$patch !== undefined))
  let at = 0
  for (const item of order) {
    if (at < kept.length && identityOf(kept[at], key) === identityOf(item, key)) at++
  }
  if (at === kept.length) return
  throw new PatchError(
    `The order in patch list:\n${stringifyJson(patch)}\n doesn't match $setElementOrder list:\n` +
      `${stringifyJson(order)}\n`,
  )
}

function mergeField(target: unknown, patch: unknown, field: FieldSchema | undefined): unknown {
  const strategies = field?.patchStrategy?.split(',') ?? []
  if (isRecord(patch)) {
    if (!isRecord(target) || strategies.includes('replace')) {
      // A `$patch` in a map that is new has nothing to say but that.
      return patch.$patch === 'delete' ? {} : withoutDirectives(patch)
    }
    return mergeStruct(target, patch, field?.shape === 'map' ? undefined : typeByName(field?.ref))
  }
  if (!Array.isArray(patch)) return patch
  if (!strategies.includes('merge') || !Array.isArray(target)) return withoutDirectives(patch)
  const key = field?.patchMergeKey
  if (key === undefined) return inOrder([...new Set([...target, ...patch])], target, patch, key)
  return mergeByKey(target, patch, key, typeByName(field?.ref))
}

/** Source: mergeSliceWithSpecialElements, mergeSliceWithoutSpecialElements. */
function mergeByKey(
  target: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  type: ResolvedType | undefined,
): unknown[] {
  const { gone, items, replace } = sortOut(patch, key)
  if (replace) return items.map(withoutDirectives)
  const before = target.filter(item => !gone.has(identityOf(item, key)))
  const result = [...before]
  const places = new Map<unknown, number>()
  for (const [at, item] of result.entries()) noteFirst(places, identityOf(item, key), at)
  for (const item of items) {
    const value = ownValue(item, key)
    if (value === undefined) throw missingKey(item, key)
    const at = places.get(value)
    if (at !== undefined) result[at] = mergeStruct(result[at] as Fields, item, type)
    else {
      places.set(value, result.length)
      result.push(withoutDirectives(item))
    }
  }
  return inOrder(result, before, items, key)
}

/** The special elements of a patched list: what is to go, and whether only the patch's stay. */
function sortOut(patch: readonly unknown[], key: string) {
  const gone = new Set<unknown>()
  const items: Fields[] = []
  let replace = false
  for (const item of patch) {
    if (!isRecord(item)) throw new PatchError('a list that merges by a key must have objects only')
    if (item.$patch === undefined) items.push(item)
    else if (item.$patch === 'replace') replace = true
    else if (item.$patch === 'delete') {
      const value = ownValue(item, key)
      if (value === undefined) throw missingKey(item, key)
      gone.add(value)
    } else throw unknownType(item.$patch)
  }
  return { gone, items, replace }
}

/**
 * Sorts `merged`: what `order` names comes in that order; what only the server had keeps its place
 * before what comes after it there, and what is new goes before it.
 * Source: normalizeElementOrder, mergeSortedSlice.
 */
function inOrder(
  merged: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const rank = new Map<unknown, number>()
  for (const [at, item] of order.entries()) noteFirst(rank, identityOf(item, key), at)
  const place = new Map<unknown, number>()
  for (const [at, item] of before.entries()) noteFirst(place, identityOf(item, key), at)
  const rankOf = (item: unknown) => rank.get(identityOf(item, key))
  const named = merged
    .filter(item => rankOf(item) !== undefined)
    .sort((a, b) => (rankOf(a) ?? 0) - (rankOf(b) ?? 0))
  const others = merged.filter(item => rankOf(item) === undefined)
  const result: unknown[] = []
  let at = 0
  for (const item of named) {
    const here = place.get(identityOf(item, key))
    for (; at < others.length && here !== undefined; at++) {
      const there = place.get(identityOf(others[at], key))
      if (there === undefined || there > here) break
      result.push(others[at])
    }
    result.push(item)
  }
  return [...result, ...others.slice(at)]
}

function identityOf(item: unknown, key: string | undefined): unknown {
  return key !== undefined && isRecord(item) ? ownValue(item, key) : item
}

function noteFirst(places: Map<unknown, number>, value: unknown, at: number): void {
  if (!places.has(value)) places.set(value, at)
}

/** What a patch leaves of itself where there was nothing to patch. Source: removeDirectives. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter(item => !(isRecord(item) && item.$patch !== undefined))
      .map(withoutDirectives)
  }
  if (!isRecord(value)) return value
  const kept = Object.entries(value).filter(([key, item]) => !key.startsWith('$') && item !== null)
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)]))
}

function missingKey(item: Fields, key: string): PatchError {
  return new PatchError(`map: ${stringifyJson(item)} does not contain declared merge key: ${key}`)
}

function unknownType(directive: unknown): PatchError {
  return new PatchError(`Unknown patch type found: ${stringifyJson(directive)}`)
}

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new PatchError('the directive needs a list')
  return value
}
