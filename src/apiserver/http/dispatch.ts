import type { ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { pods } from '../../api/resources/pods.ts'
import { discover } from '../discovery/discovery.ts'
import { openApi } from '../discovery/openapi.ts'
import { openApiV2 } from '../discovery/openapi-v2.ts'
import { type Review, reviews } from '../discovery/reviews.ts'
import { rootPaths } from '../discovery/root-paths.ts'
import type { Attributes, Serve } from '../filters/attributes.ts'
import type { Route } from '../filters/request-info.ts'
import { readObject } from './body.ts'
import type { Parts } from './context.ts'
import { health, version } from './health.ts'
import type { Metrics } from './metrics.ts'
import { serveResource } from './resources.ts'
import { jsonResponse, textResponse } from './respond.ts'
import { bind, serveSubresource } from './subresources.ts'
import { targetOf } from './target.ts'

/** The end of the chain: finds who answers a request. */
export function dispatcher(parts: Parts, metrics: Metrics): Serve {
  return async attributes => {
    const { request, route, verb } = attributes
    if (request.path === '/version') return version()
    if (request.path === '/metrics') return metrics.response()
    const plain =
      health(parts, request) ??
      discover(parts.resources, request) ??
      openApi(parts.resources, request) ??
      openApiV2(request) ??
      rootPaths(parts, request)
    if (plain !== undefined) return plain
    if (route === undefined) return noSuchPath()
    const review = reviews.find(
      one =>
        one.group === route.group &&
        one.version === route.version &&
        one.resource === route.resource,
    )
    if (review !== undefined && verb === 'create') return answerReview(parts, attributes, review)
    if (route.resource === 'bindings' && route.group === '' && verb === 'create') {
      return bind(parts, attributes, { row: pods, served: pods, route })
    }
    if (!isServed(parts, route)) return noSuchPath()
    const target = targetOf(route)
    if (route.subresource !== '') return serveSubresource(parts, attributes, target, verb)
    return serveResource(parts, attributes, target, verb)
  }
}

/** Whether the group is there in that version: nobody else has words for what is below it. */
function isServed({ resources }: Parts, { group, version }: Route): boolean {
  const isReviewed = reviews.some(one => one.group === group && one.version === version)
  return isReviewed || resources.servedIn(group, version).length > 0
}

/** Source: apiserver pkg/server/routes, http.NotFound. */
function noSuchPath(): ApiResponse {
  return textResponse(404, '404 page not found\n')
}

async function answerReview(
  { decoder }: Parts,
  { request, user }: Attributes,
  review: Review,
): Promise<ApiResponse> {
  const expected = { apiVersion: apiVersionOf(review), kind: review.kind }
  const { object } = await readObject(decoder, request, expected)
  const status = review.answer(user, object)
  return jsonResponse(201, { ...object, ...expected, status })
}
