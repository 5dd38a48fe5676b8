import type { ApiResponse, Transport } from '../../src/api/http.ts'

/** An answer with its JSON. */
export interface Answer {
  readonly code: number
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at any field of any answer
  readonly value: any
}

/** Sends one request and reads the whole answer. */
export async function send(
  transport: Transport,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [path = '', search = ''] = url.split('?')
  const response = await transport.request({
    method,
    path,
    query: new URLSearchParams(search),
    headers: {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  })
  const text = (await readAll(response)).toString('utf8')
  return { code: response.status, headers: response.headers, value: JSON.parse(text) }
}

async function readAll({ body }: ApiResponse): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A watch as a list that grows. */
export interface Watching {
  /** Resolves when `count` events have come; rejects after 5 s. */
  take(count: number): Promise<{ type: string; object: Answer['value'] }[]>
  /** Events that have come and were not taken. */
  waiting(): number
  /** True when the server has ended it. */
  ended(): boolean
  stop(): void
}

export async function watch(transport: Transport, url: string): Promise<Watching> {
  const [path = '', search = ''] = url.split('?')
  const abort = new AbortController()
  const response = await transport.request({
    method: 'GET',
    path,
    query: new URLSearchParams(`watch=true&${search}`),
    headers: {},
    signal: abort.signal,
  })
  if (response.body instanceof Uint8Array) {
    throw new Error(Buffer.from(response.body).toString('utf8'))
  }
  const events: { type: string; object: Answer['value'] }[] = []
  let wake = () => {}
  let over = false
  const stream = response.body
  const read = async () => {
    let rest = ''
    for await (const piece of stream) {
      const lines = (rest + Buffer.from(piece).toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) events.push(JSON.parse(line))
      wake()
    }
    over = true
    wake()
  }
  void read()
  return {
    waiting: () => events.length,
    ended: () => over,
    stop: () => abort.abort(),
    take: count =>
      new Promise((resolve, reject) => {
        const giveUp = setTimeout(
          () =>
            reject(
              new Error(`only ${events.length} of ${count} events: ${JSON.stringify(events)}`),
            ),
          5_000,
        )
        const check = () => {
          if (events.length < count) return
          clearTimeout(giveUp)
          // What comes before the next `take` is the next one's.
          wake = () => {}
          resolve(events.splice(0, count))
        }
        wake = check
        check()
      }),
  }
}
