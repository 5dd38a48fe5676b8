import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { parseAccept } from '../http/format.ts'
import { gitVersion } from '../http/health.ts'
import { bytesResponse, jsonResponse } from '../http/respond.ts'

/** What clients ask for; it is no valid media type, so the answer's is another. */
const askedType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
const answerType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/**
 * `/openapi/v2` as an empty document: clients since 1.29 use v3, and look here only for kinds that
 * v3 does not have; to hear that v2 does not have them either gives them the right error.
 */
export function openApiV2(request: ApiRequest): ApiResponse | undefined {
  if (request.path !== '/openapi/v2') return undefined
  for (const { type } of parseAccept(request.headers.accept)) {
    if (type === askedType || type === answerType) {
      return bytesResponse(200, emptyDocument(), { 'content-type': answerType })
    }
    if (type === 'application/json' || type === '*/*') break
  }
  return jsonResponse(200, {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths: {},
  })
}

/** openapi.v2.Document {swagger = 1, info = 2 {title = 1, version = 2}, paths = 8}. */
function emptyDocument(): Buffer {
  const info = Buffer.concat([field(1, 'Kubernetes'), field(2, gitVersion)])
  return Buffer.concat([field(1, '2.0'), field(2, info), field(8, '')])
}

/** A length-delimited protobuf field of fewer than 128 bytes. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
