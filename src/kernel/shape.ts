/**
 * Says what is wrong with a value that came from elsewhere; undefined when nothing is. Shapes are
 * values, put together from small ones; none of them throws, whatever it is given.
 */
export type Shape = (value: unknown) => string | undefined

export const anything: Shape = () => undefined
export const flag: Shape = value => (typeof value === 'boolean' ? undefined : 'no boolean')
/** A number that is one; where its range is the reader's to judge. */
export const number: Shape = value =>
  typeof value === 'number' && !Number.isNaN(value) ? undefined : 'no number'
/** A whole number from 0 to 2^53 - 1. */
export const count: Shape = integer(0, Number.MAX_SAFE_INTEGER)

/** A whole number in [min, max]. */
export function integer(min: number, max: number): Shape {
  return value =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `no integer in [${min}, ${max}]`
}

/** A string of at most `lengthMax` UTF-16 units. */
export function text(lengthMax: number): Shape {
  return value =>
    typeof value === 'string' && value.length <= lengthMax ? undefined : `no text to ${lengthMax}`
}

/** Bytes, at most `lengthMax` of them. */
export function bytes(lengthMax: number): Shape {
  return value =>
    value instanceof Uint8Array && value.length <= lengthMax
      ? undefined
      : `no bytes to ${lengthMax}`
}

export function oneOf(...values: readonly unknown[]): Shape {
  return value => (values.includes(value) ? undefined : `none of ${values.join(', ')}`)
}

export function optional(shape: Shape): Shape {
  return value => (value === undefined ? undefined : shape(value))
}

export function either(left: Shape, right: Shape): Shape {
  return value => (left(value) === undefined ? undefined : right(value))
}

/** An array of at most `lengthMax`; holes are undefined. */
export function list(of: Shape, lengthMax: number): Shape {
  return value => {
    if (!Array.isArray(value) || value.length > lengthMax) return `no list to ${lengthMax}`
    for (let at = 0; at < value.length; at++) {
      const wrong = of(value[at])
      if (wrong !== undefined) return `${at}: ${wrong}`
    }
    return undefined
  }
}

/** An object whose own fields are all of one shape, at most `sizeMax` of them. */
export function mapOf(of: Shape, sizeMax: number): Shape {
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no object'
    const entries = Object.entries(value)
    if (entries.length > sizeMax) return `no map to ${sizeMax}`
    for (const [name, field] of entries) {
      const wrong = of(field)
      if (wrong !== undefined) return `${name}: ${wrong}`
    }
    return undefined
  }
}

/** An array with these members in order; those that are missing are undefined. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return value => {
    if (!Array.isArray(value) || value.length > shapes.length) return 'no such tuple'
    return firstWrong(shapes.entries(), value)
  }
}

/** An object with these own fields; others are not looked at, inherited ones do not count. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  const names = Object.entries(fields)
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no object'
    return firstWrong(names, value)
  }
}

/** An object whose field `tag` says which of the shapes it has. */
export function tagged(tag: string, shapes: Readonly<Record<string, Shape>>): Shape {
  return value => {
    const name = typeof value === 'object' && value !== null ? own(value, tag) : undefined
    if (typeof name !== 'string' || !Object.hasOwn(shapes, name)) return `unknown ${tag}`
    const wrong = shapes[name]!(value)
    return wrong === undefined ? undefined : `${name}: ${wrong}`
  }
}

function firstWrong(
  shapes: Iterable<readonly [string | number, Shape]>,
  value: object,
): string | undefined {
  for (const [name, shape] of shapes) {
    const wrong = shape(own(value, name))
    if (wrong !== undefined) return `${name}: ${wrong}`
  }
  return undefined
}

function own(value: object, name: string | number): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string | number, unknown>)[name] : undefined
}
