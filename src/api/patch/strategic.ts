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
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') {
    throw new PatchError(`Unknown patch type found: ${String(directive)}`)
  }
  const result = retainKeys(target, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deletePrefix)) {
      const field = key.slice(deletePrefix.length)
      const gone = new Set(asList(value))
      if (Array.isArray(result[field])) {
        result[field] = result[field].filter(item => !gone.has(item))
      }
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete result[key]
    else
      result[key] = mergeField(result[key], value, type?.fields.get(key), patch[orderPrefix + key])
  }
  reorderUntouched(result, patch, type)
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

/** A list that is only ordered anew: `$setElementOrder/x` without `x`. */
function reorderUntouched(result: Fields, patch: Fields, type: ResolvedType | undefined): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = key.slice(orderPrefix.length)
    const list = result[name]
    const field = type?.fields.get(name)
    if (name in patch || !Array.isArray(list)) continue
    result[name] = inOrder(list, list, asList(order), field?.patchMergeKey)
  }
}

function mergeField(
  target: unknown,
  patch: unknown,
  field: FieldSchema | undefined,
  order: unknown,
): unknown {
  const strategies = field?.patchStrategy?.split(',') ?? []
  if (isRecord(patch)) {
    if (strategies.includes('replace')) return withoutDirectives(patch)
    const inner = field?.shape === 'map' ? undefined : typeByName(field?.ref)
    return mergeStruct(isRecord(target) ? target : {}, patch, inner)
  }
  if (!Array.isArray(patch) || !strategies.includes('merge')) return patch
  const before = Array.isArray(target) ? target : []
  const key = field?.patchMergeKey
  const merged =
    key === undefined
      ? [...new Set([...before, ...patch])]
      : mergeByKey(before, patch, key, typeByName(field?.ref))
  return order === undefined ? merged : inOrder(merged, before, asList(order), key)
}

function mergeByKey(
  before: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  type: ResolvedType | undefined,
): unknown[] {
  const replace = patch.some(item => isRecord(item) && item.$patch === 'replace')
  const result = replace ? [] : [...before]
  for (const item of patch) {
    if (!isRecord(item)) throw new PatchError('a list that merges by a key must have objects only')
    if (item.$patch === 'replace' && Object.keys(item).length === 1) continue
    if (!(key in item))
      throw new PatchError(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      )
    const at = result.findIndex(other => isRecord(other) && other[key] === item[key])
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1)
    } else if (at < 0) {
      result.push(mergeStruct({}, withoutMarker(item), type))
    } else {
      result[at] = mergeStruct(result[at] as Fields, item, type)
    }
  }
  return result
}

/**
 * Sorts `merged`: what `order` names comes in that order; what only the server had keeps its place
 * relative to the others, as far as that is possible. Source: patch.go normalizeElementOrder.
 */
function inOrder(
  merged: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const identity = (item: unknown) => (key !== undefined && isRecord(item) ? item[key] : item)
  const rank = new Map(order.map((item, index) => [identity(item), index]))
  const place = new Map(before.map((item, index) => [identity(item), index]))
  const named = merged
    .filter(item => rank.has(identity(item)))
    .sort((a, b) => rank.get(identity(a))! - rank.get(identity(b))!)
  const others = merged.filter(item => !rank.has(identity(item)))
  const result: unknown[] = []
  while (named.length > 0 && others.length > 0) {
    const left = place.get(identity(named[0]))
    const right = place.get(identity(others[0]))
    const otherFirst = left !== undefined && right !== undefined && right < left
    result.push(otherFirst ? others.shift() : named.shift())
  }
  return [...result, ...named, ...others]
}

function withoutMarker(item: Fields): Fields {
  const { $patch: _marker, ...rest } = item
  return rest
}

function withoutDirectives(patch: Fields): Fields {
  return Object.fromEntries(
    Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null),
  )
}

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new PatchError('the directive needs a list')
  return value
}
