import { parseTimeout } from '../grpc/timeout.ts'
import { HpackDecoder } from './hpack.ts'
import type { HeaderField } from './static-table.ts'

/** A block's headers, checked and ready to be used. Shared by all requests of the same bytes. */
export interface RequestHead {
  readonly path: string
  /** Undefined for a request of gRPC; else the HTTP status that it gets. */
  readonly refusal: number | undefined
  /** True when HTTP/2 forbids it: the stream is reset. */
  readonly isMalformed: boolean
  readonly timeoutMs: number | undefined
  header(name: string): string | undefined
}

/** Blocks that are remembered; a client has a few, one for each method. */
const cachedMax = 64
const cachedBytesMax = 512

/**
 * Decodes request blocks. A client repeats the same few blocks as long as it adds nothing to the
 * dynamic table: those are looked up by their bytes.
 */
export class HeadDecoder {
  readonly #hpack: HpackDecoder
  readonly #cache = new Map<string, RequestHead>()
  #cachedAt = 0

  constructor(listBytesMax: number) {
    this.#hpack = new HpackDecoder(listBytesMax)
  }

  decode(bytes: Buffer, from: number, to: number): RequestHead {
    if (to - from > cachedBytesMax) return headOf(this.#hpack.decode(bytes, from, to))
    if (this.#cachedAt !== this.#hpack.version) this.#cache.clear()
    const key = bytes.toString('latin1', from, to)
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const before = this.#hpack.version
    const head = headOf(this.#hpack.decode(bytes, from, to))
    this.#cachedAt = this.#hpack.version
    if (before !== this.#cachedAt) this.#cache.clear()
    else if (this.#cache.size < cachedMax) this.#cache.set(key, head)
    return head
  }
}

const pseudo = new Set([':method', ':scheme', ':path', ':authority'])
const connectionHeaders = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
])

/** Source: RFC 9113, 8.2 and 8.3; grpc/grpc doc/PROTOCOL-HTTP2.md. */
function headOf(fields: readonly HeaderField[]): RequestHead {
  const headers = new Map<string, string>()
  let isMalformed = false
  let regular = false
  for (const [name, value] of fields) {
    const isPseudo = name.charCodeAt(0) === 0x3a
    if (isPseudo) isMalformed ||= regular || !pseudo.has(name) || headers.has(name)
    else regular = true
    isMalformed ||= isForbidden(name, value)
    if (!headers.has(name)) headers.set(name, value)
  }
  const path = headers.get(':path') ?? ''
  isMalformed ||= path === '' || !headers.has(':method') || !headers.has(':scheme')
  const type = headers.get('content-type') ?? ''
  return {
    ...{ path, isMalformed },
    refusal: headers.get(':method') !== 'POST' ? 405 : isGrpc(type) ? undefined : 415,
    timeoutMs: parseTimeout(headers.get('grpc-timeout')),
    header: name => headers.get(name),
  }
}

function isForbidden(name: string, value: string): boolean {
  if (name === '' || /[^\x21-\x7e]|[A-Z]/.test(name) || /[\0\r\n]/.test(value)) return true
  return connectionHeaders.has(name) || (name === 'te' && value !== 'trailers')
}

function isGrpc(type: string): boolean {
  return type === 'application/grpc' || /^application\/grpc[+;]/.test(type)
}
