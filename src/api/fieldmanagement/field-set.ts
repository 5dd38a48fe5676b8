import { type Element, type Path, sortedElements } from './element.ts'

/**
 * A set of fields, in the JSON that FieldsV1 has for it: a tree of path elements. A node without
 * anything below is a member of the set; one with something below is a member when `.` is among it.
 * The root is never a member: nobody owns a whole object. Sets share their nodes and are never
 * changed. Source: structured-merge-diff fieldpath/set.go, serialize.go.
 */
export interface FieldSet {
  readonly [element: Element]: FieldSet
}

interface MutableSet {
  [element: Element]: MutableSet
}

const self = '.'

export const emptySet: FieldSet = Object.freeze({})

/** True for a set without members. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** True when something is below a node. */
export function hasBelow(node: FieldSet): boolean {
  for (const element in node) if (element !== self) return true
  return false
}

export function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmptySet(node)
}

/** Elements below a node, each with what is below it. */
export function* childrenOf(node: FieldSet): Generator<[Element, FieldSet]> {
  for (const element in node) if (element !== self) yield [element, node[element] ?? emptySet]
}

/** `below` as a node that is a member or not; undefined when there is nothing in it. */
export function nodeOf(member: boolean, below: FieldSet): FieldSet | undefined {
  if (!hasBelow(below)) return member ? emptySet : undefined
  if (member === (below[self] !== undefined)) return below
  if (member) return { [self]: emptySet, ...below }
  const { [self]: _, ...rest } = below
  return rest
}

export function hasPath(set: FieldSet, path: Path): boolean {
  let at: FieldSet | undefined = set
  for (const element of path) {
    at = at[element]
    if (at === undefined) return false
  }
  return path.length > 0 && isMember(at)
}

/** What is in either. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right
  let result: MutableSet | undefined
  for (const element in right) {
    const ours = left[element]
    const theirs = right[element] ?? emptySet
    const both = ours === undefined ? theirs : unionOfNodes(ours, theirs)
    if (both === ours) continue
    result ??= { ...left } as MutableSet
    result[element] = both as MutableSet
  }
  return result ?? left
}

function unionOfNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return nodeOf(true, right) ?? left
  if (isEmptySet(right)) return nodeOf(true, left) ?? right
  return union(left, right)
}

/** What is in both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  let result: MutableSet | undefined
  for (const element in right) {
    if (element === self) continue
    const ours = left[element]
    const theirs = right[element] ?? emptySet
    if (ours === undefined) continue
    const both = nodeOf(isMember(ours) && isMember(theirs), intersection(ours, theirs))
    if (both === undefined) continue
    result ??= {}
    result[element] = both as MutableSet
  }
  return result ?? emptySet
}

/** What is in `left` and not in `right`; what is below a member of `right` stays. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return without(left, right, false)
}

/** The same, with all that is below a member of `right`. */
export function recursiveDifference(left: FieldSet, right: FieldSet): FieldSet {
  return without(left, right, true)
}

function without(left: FieldSet, right: FieldSet, isRecursive: boolean): FieldSet {
  let result: MutableSet | undefined
  for (const element in right) {
    const ours = left[element]
    if (ours === undefined || element === self) continue
    const theirs = right[element] ?? emptySet
    const isTaken = isMember(theirs)
    const rest = isRecursive && isTaken ? emptySet : without(ours, theirs, isRecursive)
    const wasMember = isMember(ours)
    if (rest === ours && !(wasMember && isTaken)) continue
    const kept = nodeOf(wasMember && !isTaken, rest)
    result ??= { ...left } as MutableSet
    if (kept === undefined) delete result[element]
    else result[element] = kept as MutableSet
  }
  return result ?? left
}

/** `*`: any element. */
export type Pattern = readonly Element[]

/** What is at or below a path that matches. Source: fieldpath/set.go NewIncludeMatcherFilter. */
export function onlyMatching(set: FieldSet, patterns: readonly Pattern[]): FieldSet {
  if (patterns.some(pattern => pattern.length === 0)) return set
  const result: MutableSet = {}
  for (const [element, child] of childrenOf(set)) {
    const further = patterns
      .filter(([first]) => first === '*' || first === element)
      .map(pattern => pattern.slice(1))
    if (further.length === 0) continue
    const kept = nodeOf(isMember(child), onlyMatching(child, further))
    if (kept !== undefined) result[element] = kept as MutableSet
  }
  return result
}

/** Every member's path: those of a level before what is below. */
export function pathsOf(set: FieldSet, prefix: Path = []): Path[] {
  const elements = sortedElements([...childrenOf(set)].map(([element]) => element))
  const below = (element: Element) => set[element] ?? emptySet
  return [
    ...elements.filter(each => isMember(below(each))).map(element => [...prefix, element]),
    ...elements.flatMap(element => pathsOf(below(element), [...prefix, element])),
  ]
}

/** A set of these paths. */
export function setOfPaths(paths: readonly Path[]): FieldSet {
  const builder = new SetBuilder()
  for (const path of paths) builder.add(path)
  return builder.set
}

/** Collects paths. */
export class SetBuilder {
  readonly #root: MutableSet = {}

  get set(): FieldSet {
    return this.#root
  }

  /** Adds the path itself; what is above it does not become a member. */
  add(path: Path): void {
    const last = path.length - 1
    if (last < 0) return
    let at = this.#root
    for (let depth = 0; depth < last; depth++) {
      const element = path[depth]!
      let next = at[element]
      if (next === undefined) {
        next = {}
        at[element] = next
      } else if (isEmptySet(next)) {
        // A member so far without anything below.
        next[self] = {}
      }
      at = next
    }
    const element = path[last]!
    const there = at[element]
    if (there === undefined) at[element] = {}
    else if (!isEmptySet(there)) there[self] = {}
  }
}
