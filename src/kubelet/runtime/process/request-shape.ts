import {
  count,
  flag,
  integer,
  list,
  mapOf,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  tagged,
  text,
} from '../../../kernel/shape.ts'
import type { ShimRequest } from './protocol.ts'

/**
 * What a request to a shim has to be. Whatever it keeps it writes down, and its kubelet believes
 * that after each start: so nothing gets in that is not what it says.
 */
const string = text(8 << 20)
const many = 1 << 16
const id = text(253)
/** What is left of a grace is no whole number, and may be below 0. */
const graceMs = number

const userId = integer(0, 2 ** 32 - 2)

const container = object({
  ...{ id, name: string, image: string, imageId: string, specHash: string },
  ...{ attempt: count, createdAt: count, argv: list(string, many), env: mapOf(string, many) },
  ...{ cwd: string, logPath: string, terminationLog: string, portsFile: optional(string) },
  ...{ stdin: flag, tty: flag, state: oneOf('created') },
  user: optional(object({ uid: userId, gid: userId })),
  mounts: list(object({ mountPath: string, hostPath: string }), many),
})

const cells = integer(0, 2 ** 16 - 1)

const shape = tagged('op', {
  create: object({ container }),
  start: object({ id }),
  stop: object({ id, graceMs }),
  remove: object({ id }),
  list: object({}),
  attach: object({ id }),
  input: object({
    ...{ id, data: optional(string), end: optional(flag) },
    size: optional(object({ columns: cells, rows: cells })),
  }),
  shutdown: object({ graceMs }),
} satisfies Record<ShimRequest['op'], Shape>)

/** A line of the socket: a request, or a number with what is wrong with it. */
export type ReadRequest =
  | { readonly seq: number; readonly request: ShimRequest }
  | { readonly seq: number; readonly wrong: string }

/** Undefined for a line without a number to answer to: whoever sent it is not the kubelet. */
export function readRequest(line: string): ReadRequest | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (object({ seq: count })(value) !== undefined) return undefined
  const { seq } = value as { readonly seq: number }
  const wrong = shape(value)
  return wrong === undefined ? { seq, request: value as ShimRequest } : { seq, wrong }
}
