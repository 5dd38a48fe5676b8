/**
 * Objects whose keys are a client's. `constructor` is no key of an empty map, and `__proto__` is a
 * key like any other: never `in`, never a bare assignment.
 */

/** The object's own value under a key. */
export function ownValue<T>(
  map: { readonly [key: string]: T } | undefined | null,
  key: string,
): T | undefined {
  return map !== undefined && map !== null && Object.hasOwn(map, key) ? map[key] : undefined
}

/** Sets the object's own value under a key, whatever the key. */
export function setOwn<T>(map: { [key: string]: T }, key: string, value: T): void {
  if (key !== '__proto__') map[key] = value
  else {
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
}
