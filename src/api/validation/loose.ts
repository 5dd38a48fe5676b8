import type { KubeObject } from '../types.ts'

/** A part of an object whose type the code does not name; it is as Go holds it. */
export type Loose = KubeObject[string]

/** Path of an item: `spec.volumes[0]`. */
export function each<T>(
  list: readonly T[] | undefined,
  path: string,
  judge: (item: T, path: string, index: number) => void,
): void {
  for (const [index, item] of (list ?? []).entries()) judge(item, `${path}[${index}]`, index)
}

/** Path of a value: `spec.hard[pods]`. */
export function eachKey<T>(
  map: Readonly<Record<string, T>> | undefined,
  path: string,
  judge: (key: string, value: T, path: string) => void,
): void {
  for (const [key, value] of Object.entries(map ?? {})) judge(key, value, `${path}[${key}]`)
}

/** A map as Go writes it: by its keys. */
export function inOrder<T>(
  map: Readonly<Record<string, T>> | undefined,
): Record<string, T> | undefined {
  if (map === undefined) return undefined
  return Object.fromEntries(Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1)))
}
