import {
  count,
  flag,
  list,
  number,
  object,
  optional,
  type Shape,
  tagged,
  text,
} from '../kernel/shape.ts'
import { RefusedError } from './server.ts'
import type { Fault } from './types.ts'

/**
 * Bodies of the admin protocol, as they have to be. An administrator's typing error must not be
 * what ends a peer: the consensus thread does what it is told.
 */
const name = text(253)
const names = list(name, 1_000)
const askedAt = optional(number)
const ofOne = object({ peer: name, askedAt })

const fault = tagged('type', {
  kill: ofOne,
  pause: ofOne,
  resume: ofOne,
  restart: ofOne,
  partition: object({ from: names, askedAt }),
  slow: object({ peers: names, delayMs: count, askedAt }),
  heal: object({ askedAt }),
  'block-main': object({ ms: count, askedAt }),
  'hold-writes': object({ hold: flag, askedAt }),
} satisfies Record<Fault['type'], Shape>)

const transfer = object({ to: optional(name), askedAt })

/** A fault, and when it was asked for. */
export type FaultOrder = Fault & { readonly askedAt?: number }

export interface TransferOrder {
  readonly to?: string
  readonly askedAt?: number
}

/** @throws RefusedError 400 with what is wrong. */
export function faultOf(body: unknown): FaultOrder {
  return checked(fault, body) as FaultOrder
}

/** @throws RefusedError 400 with what is wrong. */
export function transferOf(body: unknown): TransferOrder {
  return checked(transfer, body ?? {}) as TransferOrder
}

/** The number after which events are wanted. @throws RefusedError 400 */
export function afterOf(query: URLSearchParams): number {
  const after = Number(query.get('after') ?? 0)
  return checked(count, after) as number
}

function checked(shape: Shape, value: unknown): unknown {
  const wrong = shape(value)
  if (wrong !== undefined) throw new RefusedError(wrong, 400)
  return value
}
