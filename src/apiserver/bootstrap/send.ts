import type { ApiRequest, Transport } from '../../api/http.ts'
import { wholeBody } from '../http/respond.ts'

/** A request of the server to itself. */
export type Send = (
  method: ApiRequest['method'],
  path: string,
  body?: object,
  more?: { readonly query?: Record<string, string>; readonly type?: string },
) => Promise<{ code: number; value: unknown }>

const jsonType = 'application/json'
const ownHeaders = { accept: jsonType, 'user-agent': 'kube-apiserver' }

/** `fence` goes with every request. */
export function sender(transport: Transport, fence: Readonly<Record<string, string>>): Send {
  return async (method, path, body, { query = {}, type = jsonType } = {}) => {
    const response = await transport.request({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { ...ownHeaders, 'content-type': type, ...fence },
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    })
    const text = Buffer.from(await wholeBody(response)).toString('utf8')
    return { code: response.status, value: JSON.parse(text) }
  }
}
