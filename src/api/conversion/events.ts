import type { Conversion } from '../resources/types.ts'
import type { KubeObject } from '../types.ts'

/** Field of v1 to that of events.k8s.io/v1. Source: pkg/apis/events/v1/conversion.go. */
const names: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
}
const back = Object.fromEntries(Object.entries(names).map(([stored, served]) => [served, stored]))

/** events.k8s.io/v1 has the fields of a v1 Event under other names. */
export const eventConversion: Conversion = {
  toServed: object => renamed(object, names),
  toStored: object => renamed(object, back),
}

function renamed(object: KubeObject, to: Readonly<Record<string, string>>): KubeObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      Object.hasOwn(to, name) ? to[name] : name,
      value,
    ]),
  ) as unknown as KubeObject
}
