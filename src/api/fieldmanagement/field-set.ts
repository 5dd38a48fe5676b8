import { type Element, type Path, sortedElements } from './element.ts'

/**
 * A set of fields: a tree of path elements. A node is a member of the set or stands only on the way
 * to members below. The root is never a member: nobody owns a whole object.
 * Source: structured-merge-diff fieldpath/set.go, where members and children are two lists.
 */
export interface FieldSet {
  readonly isMember: boolean
  readonly children: ReadonlyMap<Element, FieldSet>
}

const noChildren: ReadonlyMap<Element, FieldSet> = new Map()

export const emptySet: FieldSet = { isMember: false, children: noChildren }
/** A node that is a member and has nothing below. */
export const leaf: FieldSet = { isMember: true, children: noChildren }

/** A node, or undefined when there is nothing in it. */
function node(isMember: boolean, children: ReadonlyMap<Element, FieldSet>): FieldSet | undefined {
  if (children.size > 0) return { isMember, children }
  return isMember ? leaf : undefined
}

function setOf(children: ReadonlyMap<Element, FieldSet>): FieldSet {
  return children.size === 0 ? emptySet : { isMember: false, children }
}

/** True for a set without members. */
export function isEmptySet(set: FieldSet): boolean {
  return set.children.size === 0
}

export function hasPath(set: FieldSet, path: Path): boolean {
  let at: FieldSet | undefined = set
  for (const element of path) {
    at = at?.children.get(element)
    if (at === undefined) return false
  }
  return at !== set && at.isMember
}

/** What is in either. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (left.children.size === 0) return right
  if (right.children.size === 0) return left
  return setOf(unionOf(left, right))
}

function unionOf(left: FieldSet, right: FieldSet): ReadonlyMap<Element, FieldSet> {
  if (left.children.size === 0) return right.children
  if (right.children.size === 0) return left.children
  const children = new Map(left.children)
  for (const [element, theirs] of right.children) {
    const ours = children.get(element)
    const both = ours && {
      isMember: ours.isMember || theirs.isMember,
      children: unionOf(ours, theirs),
    }
    children.set(element, both ?? theirs)
  }
  return children
}

/** What is in both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children = new Map<Element, FieldSet>()
  for (const [element, ours] of left.children) {
    const theirs = right.children.get(element)
    if (theirs === undefined) continue
    const both = node(ours.isMember && theirs.isMember, intersection(ours, theirs).children)
    if (both !== undefined) children.set(element, both)
  }
  return setOf(children)
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
  if (left.children.size === 0 || right.children.size === 0) return left
  let children: Map<Element, FieldSet> | undefined
  for (const [element, theirs] of right.children) {
    const ours = left.children.get(element)
    if (ours === undefined) continue
    const isWhole = isRecursive && theirs.isMember
    const rest = isWhole ? emptySet : without(ours, theirs, isRecursive)
    const isMember = ours.isMember && !theirs.isMember
    if (isMember === ours.isMember && rest.children === ours.children) continue
    children ??= new Map(left.children)
    const kept = node(isMember, rest.children)
    if (kept === undefined) children.delete(element)
    else children.set(element, kept)
  }
  return children === undefined ? left : setOf(children)
}

/** `*`: any element. */
export type Pattern = readonly Element[]

/** What is at or below a path that matches. Source: fieldpath/set.go NewIncludeMatcherFilter. */
export function onlyMatching(set: FieldSet, patterns: readonly Pattern[]): FieldSet {
  if (patterns.some(pattern => pattern.length === 0)) return set
  const children = new Map<Element, FieldSet>()
  for (const [element, child] of set.children) {
    const further = patterns
      .filter(([first]) => first === '*' || first === element)
      .map(pattern => pattern.slice(1))
    if (further.length === 0) continue
    const kept = node(child.isMember, onlyMatching(child, further).children)
    if (kept !== undefined) children.set(element, kept)
  }
  return setOf(children)
}

/** Every member's path: those of a level before what is below. */
export function pathsOf(set: FieldSet, prefix: Path = []): Path[] {
  const elements = sortedElements(set.children.keys())
  const here = elements.filter(element => set.children.get(element)?.isMember)
  return [
    ...here.map(element => [...prefix, element]),
    ...elements.flatMap(element =>
      pathsOf(set.children.get(element) ?? emptySet, [...prefix, element]),
    ),
  ]
}

/** A set of these paths. */
export function setOfPaths(paths: readonly Path[]): FieldSet {
  const builder = new SetBuilder()
  for (const path of paths) builder.add(path)
  return builder.set
}

interface MutableSet {
  isMember: boolean
  children: Map<Element, MutableSet>
}

/** Collects paths. */
export class SetBuilder {
  readonly #root: MutableSet = { isMember: false, children: new Map() }

  get set(): FieldSet {
    return this.#root
  }

  /** Adds the path itself; what is above it does not become a member. */
  add(path: Path): void {
    if (path.length === 0) return
    let at = this.#root
    for (const element of path) {
      let next = at.children.get(element)
      if (next === undefined) {
        next = { isMember: false, children: new Map() }
        at.children.set(element, next)
      }
      at = next
    }
    at.isMember = true
  }
}
