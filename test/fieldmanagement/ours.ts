import {
  applyManaged,
  type FieldManager,
  trackUpdate,
} from '../../src/api/fieldmanagement/field-manager.ts'
import { recursiveDifference, setOfPaths } from '../../src/api/fieldmanagement/field-set.ts'
import { modelOfKind } from '../../src/api/fieldmanagement/model.ts'
import { decodeAs } from '../../src/api/schema/decode.ts'
import { typeOfKind } from '../../src/api/schema/lookup.ts'
import { asWritten } from '../../src/api/schema/written.ts'
import { StatusError } from '../../src/api/status.ts'
import type { KubeObject } from '../../src/api/types.ts'

/** One write of a case. */
export interface Step {
  readonly op: 'update' | 'apply'
  readonly manager: string
  readonly force?: boolean
  readonly object: object
}

/** Writes of one object, one after the other. */
export interface Case {
  readonly apiVersion: string
  readonly kind: string
  readonly subresource: string
  /** Fields that such requests can't change. */
  readonly reset: readonly string[]
  readonly steps: readonly Step[]
}

export interface Outcome {
  readonly object?: KubeObject
  readonly error?: string
}

/** What ours makes of a case; a step that fails changes nothing. */
export function runOurs(given: Case): Outcome[] {
  let live: KubeObject | undefined
  return given.steps.map(step => {
    try {
      live = stored(given, take(given, live, step))
      return { object: structuredClone(live) }
    } catch (error) {
      if (error instanceof StatusError) return { error: error.message }
      throw error
    }
  })
}

function take(given: Case, live: KubeObject | undefined, step: Step): KubeObject {
  const manager = managerOf(given, step)
  if (step.op === 'apply') {
    const object = step.object as KubeObject
    const { apiVersion, kind } = given
    const from = live ?? zeroOf({ apiVersion, kind, metadata: {} })
    return applyManaged(from, structuredClone(object), manager, step.force === true)
  }
  const next = decoded(given, { ...step.object })
  trackUpdate(live, next, manager)
  return next
}

function managerOf({ apiVersion, kind, subresource, reset }: Case, step: Step): FieldManager {
  const excluded = setOfPaths(reset.map(name => [`f:${name}`]))
  return {
    ...{ manager: step.manager, kind, subresource, now: '2026-01-01T00:00:00Z' },
    versions: {
      apiVersion,
      modelOf: version => (version === apiVersion ? modelOfKind(apiVersion, kind) : undefined),
      convert: object => object,
      filter: set => recursiveDifference(set, excluded),
    },
  }
}

function decoded({ apiVersion, kind }: Case, object: Record<string, unknown>): KubeObject {
  const type = typeOfKind(apiVersion, kind)
  if (type === undefined) throw new Error(`${kind} has no schema`)
  const result = decodeAs(type, structuredClone(object), []) as KubeObject
  result.metadata ??= {}
  return result
}

function stored(given: Case, object: KubeObject): KubeObject {
  const result = decoded(given, { ...object })
  result.metadata.uid = 'uid'
  return zeroOf(result)
}

function zeroOf(object: KubeObject): KubeObject {
  const type = typeOfKind(object.apiVersion ?? '', object.kind ?? '')
  if (type !== undefined) asWritten(type, object as unknown as Record<string, unknown>)
  return object
}
