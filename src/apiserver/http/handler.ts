import type { ApiRequest, ApiResponse, UserInfo } from '../../api/http.ts'
import { fenceHeader } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { pods } from '../../api/resources/pods.ts'
import { badRequest, pathNotFound, StatusError } from '../../api/status.ts'
import { discover } from '../discovery/discovery.ts'
import { openApi } from '../discovery/openapi.ts'
import { openApiV2 } from '../discovery/openapi-v2.ts'
import { type Review, reviews } from '../discovery/reviews.ts'
import { isOpenPath, mayDo, refusal, refuseImpersonation } from './auth.ts'
import { readObject } from './body.ts'
import type { Call, Parts } from './context.ts'
import { health, version } from './health.ts'
import type { Metrics } from './metrics.ts'
import { serveResource } from './resources.ts'
import { jsonResponse, statusResponse, unexpected } from './respond.ts'
import { parseRoute, type Route, verbOf } from './route.ts'
import { bind, serveSubresource } from './subresources.ts'

/** Serves requests of authenticated users, however they came in. Never throws. */
export class Handler {
  readonly #parts: Parts
  readonly #metrics: Metrics

  constructor(parts: Parts, metrics: Metrics) {
    this.#parts = parts
    this.#metrics = metrics
  }

  /** `inProcess` requests of system identities are trusted, and may carry a fence. */
  async serve(request: ApiRequest, user: UserInfo, inProcess: boolean): Promise<ApiResponse> {
    const started = this.#parts.clock.now()
    const route = parseRoute(request.path)
    const verb = route ? verbOf(request.method, route, request.query) : request.method.toLowerCase()
    const response = await this.#answer(request, user, inProcess, route, verb)
    const seconds = (this.#parts.clock.now() - started) / 1000
    this.#metrics.observe(verb, route, response.status, seconds)
    this.#parts.logger.debug('request', {
      user: user.name,
      verb,
      path: request.path,
      code: response.status,
      seconds,
    })
    return response
  }

  async #answer(
    request: ApiRequest,
    user: UserInfo,
    inProcess: boolean,
    route: Route | undefined,
    verb: string,
  ): Promise<ApiResponse> {
    try {
      const open = this.#parts.options.openPaths?.get(`${request.method} ${request.path}`)
      if (open !== undefined) return await open(request)
      if (!isOpenPath(request.path) && !mayDo(user, inProcess, verb, route)) {
        throw refusal(user, verb, route, request.path)
      }
      refuseImpersonation(request, user)
      const call: Call = { request, user, fence: fenceOf(request, inProcess) }
      return await this.#dispatch(call, route, verb)
    } catch (error) {
      if (error instanceof StatusError) return statusResponse(error)
      this.#parts.logger.error('a request failed', {
        path: request.path,
        verb,
        error: error instanceof Error ? error.stack : String(error),
      })
      return statusResponse(unexpected(error))
    }
  }

  async #dispatch(call: Call, route: Route | undefined, verb: string): Promise<ApiResponse> {
    const { request } = call
    if (request.path === '/version') return version()
    if (request.path === '/metrics') return this.#metrics.response()
    const plain =
      health(this.#parts, request) ??
      discover(request) ??
      openApi(request) ??
      openApiV2(request) ??
      rootPaths(request)
    if (plain !== undefined) return plain
    if (route === undefined) throw pathNotFound()
    const review = reviews.find(
      one =>
        one.group === route.group &&
        one.version === route.version &&
        one.resource === route.resource,
    )
    if (review !== undefined && verb === 'create') return answerReview(this.#parts, call, review)
    if (route.resource === 'bindings' && route.group === '' && verb === 'create') {
      return bind(this.#parts, call, { row: pods, route })
    }
    if (route.row === undefined) throw pathNotFound()
    const target = { row: route.row, route }
    if (route.subresource !== '') return serveSubresource(this.#parts, call, target, verb)
    return serveResource(this.#parts, call, target, verb)
  }
}

async function answerReview(
  { decoder }: Parts,
  { request, user }: Call,
  review: Review,
): Promise<ApiResponse> {
  const expected = { apiVersion: apiVersionOf(review), kind: review.kind }
  const { object } = await readObject(decoder, request, expected)
  const status = review.answer(user, object)
  const metadata = { ...object.metadata, creationTimestamp: null }
  return jsonResponse(201, { ...object, ...expected, metadata, status })
}

function rootPaths(request: ApiRequest): ApiResponse | undefined {
  if (request.path !== '/') return undefined
  const paths = [
    '/api',
    '/apis',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v3',
    '/readyz',
    '/version',
  ]
  return jsonResponse(200, { paths })
}

function fenceOf(request: ApiRequest, inProcess: boolean): number | undefined {
  const text = request.headers[fenceHeader]
  if (text === undefined) return undefined
  if (!inProcess) throw badRequest(`the header ${fenceHeader} is for system identities only`)
  const term = Number(text)
  if (!Number.isSafeInteger(term)) throw badRequest(`${fenceHeader}: "${text}" is not a term`)
  return term
}
