import { stringify } from 'yaml'
import type { ApiResponse } from '../../api/http.ts'
import { parseJsonExact, stringifyJson } from '../../api/json.ts'
import type { Status } from '../../api/objects.ts'
import { encodeProtobuf } from '../../api/schema/protobuf-encode.ts'
import { internalError, type StatusError } from '../../api/status.ts'
import type { Format } from './format.ts'

/** Objects a slice of a long list: between slices other requests get their turn. */
export const sliceItemsMax = 128

/** An answer of one JSON value. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): ApiResponse {
  return bytesResponse(status, Buffer.from(`${stringifyJson(value)}\n`), headers)
}

/** An answer of bytes that are JSON already. */
export function bytesResponse(
  status: number,
  body: Uint8Array,
  headers: Record<string, string> = {},
): ApiResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** An answer of plain text. */
export function textResponse(status: number, text: string): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status, headers, body: Buffer.from(text) }
}

/** The answer of a failed request. */
export function statusResponse(error: StatusError): ApiResponse {
  const { status } = error
  const wait = status.details?.retryAfterSeconds
  return jsonResponse(
    status.code,
    status,
    wait === undefined ? {} : { 'retry-after': String(wait) },
  )
}

/** The answer of a Status that is a success. */
export function successResponse(code: number, status: Status): ApiResponse {
  return jsonResponse(code, { ...status, code })
}

/** Any answer of one object in the encoding that the client asked for. */
export async function inFormat(response: ApiResponse, format: Format): Promise<ApiResponse> {
  const { encoding, contentType } = format
  if (encoding === 'json') return response
  const text = Buffer.from(await wholeBody(response)).toString('utf8')
  const value = parseJsonExact(text) as Record<string, unknown>
  const body = encoding === 'yaml' ? Buffer.from(stringify(value)) : encodeProtobuf(value)
  return { ...response, headers: { ...response.headers, 'content-type': contentType }, body }
}

/** The whole body in one piece. */
export async function wholeBody({ body }: ApiResponse): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A list whose items come in slices; `render` gives one item's JSON. */
export function listBody<T>(
  head: string,
  items: readonly T[],
  render: (item: T) => Buffer,
): Uint8Array | AsyncIterable<Uint8Array> {
  if (items.length <= sliceItemsMax) return Buffer.concat(slice(head, items, 0, render, true))
  return slices(head, items, render)
}

async function* slices<T>(
  head: string,
  items: readonly T[],
  render: (item: T) => Buffer,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < items.length; at += sliceItemsMax) {
    const last = at + sliceItemsMax >= items.length
    yield Buffer.concat(slice(at === 0 ? head : '', items, at, render, last))
    await new Promise<void>(resolve => setImmediate(resolve))
  }
}

const comma = Buffer.from(',')
const listEnd = Buffer.from(']}\n')

function slice<T>(
  head: string,
  items: readonly T[],
  start: number,
  render: (item: T) => Buffer,
  last: boolean,
): Buffer[] {
  const pieces: Buffer[] = [Buffer.from(head)]
  for (const [index, item] of items.slice(start, start + sliceItemsMax).entries()) {
    if (start + index > 0) pieces.push(comma)
    pieces.push(render(item))
  }
  if (last) pieces.push(listEnd)
  return pieces
}

/** For what should not have happened: the text goes to the client as upstream does. */
export function unexpected(error: unknown): StatusError {
  return internalError(error instanceof Error ? error.message : String(error))
}
