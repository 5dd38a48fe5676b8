import { expect, test } from 'vitest'
import { type ApiRequest, fenceHeader } from '../../../src/api/http.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import { badRequest } from '../../../src/api/status.ts'
import { attributesOf, type Filter } from '../../../src/apiserver/filters/attributes.ts'
import { compose, handlerChain } from '../../../src/apiserver/filters/chain.ts'
import { Metrics } from '../../../src/apiserver/http/metrics.ts'
import { textResponse } from '../../../src/apiserver/http/respond.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'

const resources = new ResourceRegistry()
const admin = { name: 'admin', groups: ['system:masters'] }
const nobody = { name: 'jane', groups: ['system:authenticated'] }
const fence = { [fenceHeader]: '7' }

function requestOf(path: string, headers: Record<string, string> = {}): ApiRequest {
  return { method: 'GET', path, query: new URLSearchParams(), headers }
}

function chainWith(open?: ReadonlyMap<string, () => Promise<never>>) {
  const metrics = new Metrics(
    () => 0,
    () => () => Promise.resolve(),
  )
  return handlerChain({ metrics, logger: silentLogger, clock: systemClock, openPaths: open })
}

test('steps meet a request in their order, and may answer, refuse or change it', async () => {
  const seen: string[] = []
  const step =
    (name: string): Filter =>
    (attributes, next) => {
      seen.push(`${name} ${attributes.verb}`)
      return next({ ...attributes, verb: `${attributes.verb}+` })
    }
  const last: Filter = async () => textResponse(204, '')
  const attributes = attributesOf(resources, requestOf('/api/v1/pods'), admin, false)
  const never = () => Promise.reject(new Error('nobody asked for it'))
  const response = await compose([step('a'), step('b'), last], never)(attributes)
  expect(seen).toEqual(['a list', 'b list+'])
  expect(response.status).toBe(204)
})

test.each([
  ['who may', admin, '/api/v1/pods', {}, 200],
  ['who may not', nobody, '/api/v1/pods', {}, 403],
  ['open to all', nobody, '/readyz', {}, 200],
  ['somebody else', admin, '/api/v1/pods', { 'impersonate-user': 'x' }, 403],
  ['a fence from outside', admin, '/api/v1/pods', fence, 400],
])('%s', async (_name, user, path, headers, status) => {
  const serve = compose(chainWith(), async () => textResponse(200, 'served'))
  const response = await serve(attributesOf(resources, requestOf(path, headers), user, false))
  expect(response.status).toBe(status)
})

test('the fence of a part of this process reaches its writes', async () => {
  const fences: (number | undefined)[] = []
  const serve = compose(chainWith(), async attributes => {
    fences.push(attributes.fence)
    return textResponse(200, '')
  })
  const system = { name: 'system:kube-scheduler', groups: [] }
  await serve(attributesOf(resources, requestOf('/api/v1/pods', fence), system, true))
  await serve(attributesOf(resources, requestOf('/api/v1/pods'), system, true))
  expect(fences).toEqual([7, undefined])
})

test('every failure is an answer, of open paths too', async () => {
  const open = new Map([['GET /join', () => Promise.reject(badRequest('no token'))]])
  const serve = compose(chainWith(open), () => Promise.reject(new Error('a mistake of ours')))
  const statusOf = async (path: string) =>
    (await serve(attributesOf(resources, requestOf(path), admin, false))).status
  expect(await statusOf('/join')).toBe(400)
  expect(await statusOf('/api/v1/pods')).toBe(500)
})
