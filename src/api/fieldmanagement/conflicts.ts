import { applyConflict, type StatusError } from '../status.ts'
import { compareTexts, type Path, pathText } from './element.ts'
import { pathsOf } from './field-set.ts'
import type { ManagerEntry } from './managed.ts'

/** A field that somebody else owns, with another value. */
export interface Conflict {
  readonly id: string
  readonly owner: ManagerEntry
  readonly path: Path
}

/** Thrown by an apply that would take what others own. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    super('conflicts')
    this.conflicts = conflicts
  }
}

/** Every field of the sets, managers in order. */
export function conflictsOf(sets: ReadonlyMap<string, ManagerEntry>): Conflict[] {
  return [...sets]
    .sort(([a], [b]) => compareTexts(a, b))
    .flatMap(([id, owner]) => pathsOf(owner.set).map(path => ({ id, owner, path })))
}

/** 409. Source: apimachinery managedfields/internal/conflict.go NewConflictError. */
export function conflictStatus(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(owner)}`,
    field: pathText(path),
  }))
  return applyConflict(messageOf(conflicts), causes)
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts
  if (conflicts.length === 1 && first !== undefined) {
    const { owner, path } = first
    return `Apply failed with 1 conflict: conflict with ${managerText(owner)}: ${pathText(path)}`
  }
  const lines: string[] = []
  let last = ''
  for (const { id, owner, path } of conflicts) {
    if (id !== last) lines.push(`conflicts with ${managerText(owner)}:`)
    last = id
    lines.push(`- ${pathText(path)}`)
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function managerText({ manager, operation, apiVersion, subresource }: ManagerEntry): string {
  const name = JSON.stringify(manager)
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  return `${name}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
}
