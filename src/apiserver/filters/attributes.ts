import type { ApiRequest, ApiResponse, UserInfo } from '../../api/http.ts'
import type { ResourceRegistry } from '../../api/resources/registry.ts'
import { parseRoute, type Route, verbOf } from './request-info.ts'

/**
 * A request as everybody sees it who has a say: who asks for what. Steps of the chain hand on
 * another value where they change something of it.
 * Source: apiserver pkg/authorization/authorizer/interfaces.go Attributes.
 */
export interface Attributes {
  readonly request: ApiRequest
  readonly user: UserInfo
  /** It came from a part of this process, whose system identities are trusted. */
  readonly inProcess: boolean
  readonly verb: string
  /** Absent for a path that is below no group version. */
  readonly route?: Route
  /** Raft term of a system identity's writes. */
  readonly fence?: number
}

/** Answers a request. @throws StatusError */
export type Serve = (attributes: Attributes) => Promise<ApiResponse>

/** A step of the chain: answers itself, refuses by a throw, or has the next one answer. */
export type Filter = (attributes: Attributes, next: Serve) => Promise<ApiResponse>

/** What is known of a request from its line and its user. */
export function attributesOf(
  resources: ResourceRegistry,
  request: ApiRequest,
  user: UserInfo,
  inProcess: boolean,
): Attributes {
  const route = parseRoute(request.path, resources)
  const verb = route ? verbOf(request.method, route, request.query) : request.method.toLowerCase()
  return { request, user, inProcess, verb, route }
}
