import type { UserInfo } from '../../api/http.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { forbidden, type StatusError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'

/** Source: apiserver pkg/admission/interfaces.go. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** What a request is about to do to one object. Source: apiserver pkg/admission/attributes.go. */
export interface AdmissionAttributes {
  readonly operation: Operation
  readonly row: ResourceRow
  /** '' for the object itself. */
  readonly subresource: string
  readonly namespace: string
  /** '' for a new object whose name is still to be made. */
  readonly name: string
  /** What it is to be; `admit` may change it. Absent for DELETE. */
  readonly object?: KubeObject
  /** What it is now; absent for CREATE. */
  readonly old?: KubeObject
  readonly user: UserInfo
  readonly dryRun: boolean
}

/**
 * One admission plug-in: it completes, or refuses, what is about to be stored. It sees the state
 * that the write is compared with, as often as that is another one.
 */
export interface AdmissionPlugin {
  /** Upstream's. */
  readonly name: string
  readonly operations: readonly Operation[]
  /** May change `object`. @throws StatusError to refuse */
  admit?(attributes: AdmissionAttributes): void | Promise<void>
  /** Judges what all others have made of it. @throws StatusError to refuse */
  validate?(attributes: AdmissionAttributes): void | Promise<void>
}

/** 403 of a plug-in. Source: apiserver pkg/admission/errors.go NewForbidden. */
export function forbiddenBy({ row, name, object }: AdmissionAttributes, why: string): StatusError {
  return forbidden(row, name || object?.metadata.generateName || '', why)
}
