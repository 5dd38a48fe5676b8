import type { Event } from '../../mvcc/types.ts'
import type { ResponseHeader } from '../../store/etcd/rpc/kv.ts'
import {
  type EventMessage,
  event as eventType,
  eventTypes,
  type WatchResponse,
  watchResponse,
} from '../../store/etcd/rpc/watch.ts'
import { bytesOf, limits, type Outgoing } from '../grpc/types.ts'

export function eventOf({ type, kv, prevKv }: Event): Partial<EventMessage> {
  return { type: eventTypes.indexOf(type), kv, prevKv }
}

/**
 * The responses that carry `events`: one, or, for a watch that allows fragments, as many as keep
 * each below the largest message; all but the last are marked. Source: etcd sendFragments.
 */
export function encodeEvents(
  header: ResponseHeader,
  watchId: number,
  events: readonly Event[],
  fragment: boolean,
): Outgoing[] {
  const messages = events.map(eventOf)
  const whole = watchResponse.encodeParts({ header, watchId, events: messages })
  if (!fragment || bytesOf(whole) < limits.messageBytesMax || messages.length < 2) return [whole]
  const parts = cut(messages)
  return parts.map((part, index) => {
    const response: Partial<WatchResponse> = { header, watchId, events: part }
    return watchResponse.encodeParts({ ...response, fragment: index < parts.length - 1 })
  })
}

/** Events that are encoded at once, or in one step. */
export const stepEvents = 500

/**
 * As encodeEvents, in steps. One message is put together of parts: fields that are repeated may
 * stand apart. Fragments are cut within each step.
 */
export function* encodeEventsSteps(
  header: ResponseHeader,
  watchId: number,
  events: readonly Event[],
  fragment: boolean,
): Generator<void, Outgoing[]> {
  const whole = watchResponse.encodeParts({ header, watchId })
  const fragments: Outgoing[] = []
  for (let at = 0; at < events.length; at += stepEvents) {
    const messages = events.slice(at, at + stepEvents).map(eventOf)
    if (fragment) {
      const isLast = at + stepEvents >= events.length
      const parts = cut(messages)
      for (const [n, part] of parts.entries()) {
        const more = !isLast || n < parts.length - 1
        const response = { header, watchId, events: part, fragment: more }
        fragments.push(watchResponse.encodeParts(response))
      }
    } else for (const part of watchResponse.encodeParts({ events: messages })) whole.push(part)
    yield
  }
  return fragment ? fragments : [whole]
}

/** Bytes of a response besides its events, at most. */
const overheadBytes = 1_024

function cut(events: readonly Partial<EventMessage>[]): Partial<EventMessage>[][] {
  const parts: Partial<EventMessage>[][] = []
  let room = 0
  for (const event of events) {
    const bytes = bytesOf(eventType.encodeParts(event)) + 8
    if (parts.length === 0 || bytes > room) {
      parts.push([])
      room = limits.messageBytesMax - overheadBytes
    }
    parts.at(-1)!.push(event)
    room -= bytes
  }
  return parts
}
