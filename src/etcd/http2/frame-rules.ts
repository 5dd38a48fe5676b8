import { ConnectionError, frameTypes } from './codes.ts'

/** Where a frame belongs, and its length if there is only one. */
interface Rule {
  readonly name: string
  readonly on?: 'stream' | 'connection'
  readonly bytes?: number
}

/** Source: RFC 9113, 6. WINDOW_UPDATE belongs to both. */
const rules: Readonly<Record<number, Rule>> = {
  [frameTypes.data]: { name: 'DATA', on: 'stream' },
  [frameTypes.headers]: { name: 'HEADERS', on: 'stream' },
  [frameTypes.priority]: { name: 'PRIORITY', on: 'stream', bytes: 5 },
  [frameTypes.rstStream]: { name: 'RST_STREAM', on: 'stream', bytes: 4 },
  [frameTypes.settings]: { name: 'SETTINGS', on: 'connection' },
  [frameTypes.ping]: { name: 'PING', on: 'connection', bytes: 8 },
  [frameTypes.goAway]: { name: 'GOAWAY', on: 'connection' },
  [frameTypes.windowUpdate]: { name: 'WINDOW_UPDATE', bytes: 4 },
  [frameTypes.continuation]: { name: 'CONTINUATION', on: 'stream' },
}

/** @throws ConnectionError for a frame of the wrong length or in the wrong place. */
export function checkFrame(type: number, stream: number, length: number): void {
  const rule = rules[type]
  if (rule === undefined) return
  const { name, on, bytes } = rule
  if (bytes !== undefined && bytes !== length) {
    throw new ConnectionError('frameSizeError', `${name} has ${bytes} bytes`)
  }
  if (on !== undefined && (on === 'stream') === (stream === 0)) {
    throw new ConnectionError('protocolError', `${name} on stream ${stream}`)
  }
}
