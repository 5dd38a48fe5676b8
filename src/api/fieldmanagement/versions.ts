import type { KubeObject } from '../types.ts'
import type { FieldSet } from './field-set.ts'
import type { ManagerEntry } from './managed.ts'
import type { Model } from './model.ts'

/** Between the versions of a kind. */
export interface Versions {
  /** The version of the request: objects are given, and sets made, in it. */
  readonly apiVersion: string
  /** Undefined for a version that there is not, or no more. */
  modelOf(apiVersion: string): Model | undefined
  /** From one version to another; it leaves its argument alone. */
  convert(object: KubeObject, from: string, to: string): KubeObject
  /** What the request can't change is nobody's by it. */
  filter(set: FieldSet): FieldSet
}

/** Entries by id; they are changed in place. */
export type Managers = Map<string, ManagerEntry>
