import type { CoreEvent } from '../objects.ts'
import type { ServedVersion } from '../resources/types.ts'
import { semanticEqual } from '../semantic.ts'
import type { Causes } from './causes.ts'
import { validateMetadataUpdate } from './metadata.ts'
import { dnsSubdomainErrors, qualifiedNameErrors } from './names.ts'

/** Bytes of a field. Source: pkg/apis/core/validation/events.go. */
const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const

/**
 * The rules of v1 hold for everybody; who asks for events.k8s.io/v1 has more of them.
 * Source: pkg/apis/core/validation/events.go ValidateEventCreate.
 */
export function validateEvent(event: CoreEvent, causes: Causes, asked: ServedVersion): void {
  validateAnyEvent(event, causes, asked)
  if (asked.group === '') return
  const { eventTime, type, firstTimestamp, lastTimestamp, count, source } = event
  const { name = '' } = event.metadata
  for (const text of name === '' ? [] : dnsSubdomainErrors(name)) {
    causes.invalid('metadata.name', name, text)
  }
  validateSeries(event, causes)
  if (!eventTime) causes.required('eventTime')
  if (type !== 'Normal' && type !== 'Warning') {
    causes.invalid('type', '', `has invalid value: ${type ?? ''}`)
  }
  const unset = {
    firstTimestamp,
    lastTimestamp,
    count,
    source: source?.component || source?.host,
  }
  for (const [field, value] of Object.entries(unset)) {
    if (value) causes.invalid(field, '', 'needs to be unset')
  }
}

const fixed = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count'],
  ...['type', 'eventTime', 'action', 'related'],
] as const

/** Source: ValidateEventUpdate: by events.k8s.io/v1 only the series may change. */
export function validateEventUpdate(
  next: CoreEvent,
  old: CoreEvent,
  causes: Causes,
  asked: ServedVersion,
): void {
  validateAnyEvent(next, causes, asked)
  if (asked.group === '') return
  validateMetadataUpdate(next, old, causes)
  if (!semanticEqual(next.series, old.series)) validateSeries(next, causes)
  const isSame = (field: string) => semanticEqual(next[field] ?? null, old[field] ?? null)
  for (const field of fixed) {
    if (!isSame(field)) causes.invalid(field, next[field], 'field is immutable')
  }
  const names = {
    reportingController: 'reportingComponent',
    reportingInstance: 'reportingInstance',
  }
  for (const [name, field] of Object.entries(names)) {
    if (!isSame(field)) causes.invalid(name, next[field], 'field is immutable')
  }
}

/** Source: legacyValidateEvent. */
function validateAnyEvent(event: CoreEvent, causes: Causes, asked: ServedVersion): void {
  const { metadata, involvedObject, eventTime } = event
  const own = metadata.namespace ?? ''
  const other = involvedObject?.namespace ?? ''
  const fits =
    other === ''
      ? own === 'default' || (eventTime ? own === 'kube-system' : own === '')
      : Boolean(eventTime) || own === other
  if (!fits) causes.invalid('involvedObject.namespace', other, 'does not match event.namespace')
  if (!eventTime) return
  const controller = asked.group === '' ? 'reportingComponent' : 'reportingController'
  const name = event.reportingComponent ?? ''
  if (name === '') causes.required(controller)
  for (const text of qualifiedNameErrors(name)) causes.invalid(controller, name, text)
  for (const [field, bytesMax] of Object.entries(limits)) {
    const text: string = event[field] ?? ''
    if (text === '' && field !== 'message') causes.required(field)
    if (Buffer.byteLength(text) > bytesMax) {
      causes.invalid(field, '', `can have at most ${bytesMax} characters`)
    }
  }
}

function validateSeries({ series }: CoreEvent, causes: Causes): void {
  if (!series) return
  if ((series.count ?? 0) < 2) causes.invalid('series.count', '', 'should be at least 2')
  if (!series.lastObservedTime) causes.required('series.lastObservedTime')
}
