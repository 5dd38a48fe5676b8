import type { ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { hasProtobuf } from '../../api/schema/protobuf-encode.ts'
import type { Attributes } from '../filters/attributes.ts'
import { type Entry, objectOf } from '../storage/entry.ts'
import type { Parts } from './context.ts'
import { type Format, type IncludeObject, negotiate, Renderer } from './format.ts'
import { bytesResponse, inFormat, jsonResponse } from './respond.ts'
import type { Target } from './target.ts'

/** One object as the client wants to see it. */
export function objectResponse(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  entry: Entry,
  code: number,
  headers: Record<string, string> = {},
): Promise<ApiResponse> {
  const format = formatFor(attributes, target)
  const renderer = rendererOf(parts, attributes, target, format)
  if (format.shape !== 'table') {
    const body = Buffer.concat([renderer.item(entry), newline])
    return inFormat(bytesResponse(code, body, headers), format)
  }
  const rows = [renderer.tableRow(objectOf(entry))]
  const table = renderer.tableOf(rows, String(entry.revision))
  return inFormat(jsonResponse(code, table, headers), format)
}

/** What the client's Accept header asks for. @throws StatusError 406 */
export function formatFor({ request }: Attributes, { row, served }: Target): Format {
  return negotiate(request.headers.accept, hasProtobuf(apiVersionOf(served), row.kind))
}

const newline = Buffer.from('\n')

/** How the objects of an answer are written. */
export function rendererOf(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  format: Format,
): Renderer {
  const include = (attributes.request.query.get('includeObject') || 'Metadata') as IncludeObject
  return new Renderer(target, format, include, parts.clock.wall())
}
