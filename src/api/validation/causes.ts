import { stringifyJson } from '../json.ts'
import type { StatusCause } from '../objects.ts'

/**
 * Collects what is wrong with an object, field by field, in upstream's words.
 * Source: k8s.io/apimachinery pkg/util/validation/field/errors.go.
 */
export class Causes {
  readonly list: StatusCause[] = []

  required(field: string, detail = ''): void {
    this.#add('FieldValueRequired', field, 'Required value', detail)
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${valueText(value)}`, detail)
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const values = supported.map(quoted).join(', ')
    const detail = `supported values: ${values}`
    this.#add('FieldValueNotSupported', field, `Unsupported value: ${valueText(value)}`, detail)
  }

  duplicate(field: string, value: unknown): void {
    this.#add('FieldValueDuplicate', field, `Duplicate value: ${valueText(value)}`, '')
  }

  notFound(field: string, value: unknown, detail = ''): void {
    this.#add('FieldValueNotFound', field, `Not found: ${valueText(value)}`, detail)
  }

  forbidden(field: string, detail: string): void {
    this.#add('FieldValueForbidden', field, 'Forbidden', detail)
  }

  tooMany(field: string, count: number, max: number): void {
    const detail = `must have at most ${max} ${max === 1 ? 'item' : 'items'}`
    this.#add('FieldValueTooMany', field, `Too many: ${count}`, detail)
  }

  /** A type that does not fit another field. */
  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueTypeInvalid', field, `Invalid value: ${valueText(value)}`, detail)
  }

  tooLong(field: string, bytesMax: number): void {
    this.#add(
      'FieldValueTooLong',
      field,
      'Too long',
      `may not be more than ${bytesMax} ${bytesMax === 1 ? 'byte' : 'bytes'}`,
    )
  }

  /** Invalid, without saying what is there. */
  wrong(field: string, detail: string): void {
    this.#add('FieldValueInvalid', field, 'Invalid value', detail)
  }

  #add(reason: string, field: string, head: string, detail: string): void {
    this.list.push({ reason, message: detail === '' ? head : `${head}: ${detail}`, field })
  }
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined || value === null) return 'null'
  // Source: encoding/json, which is safe to be part of a page.
  return stringifyJson(value).replace(
    /[<>&\u2028\u2029]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A text as Go's `%q` writes it. */
export function quoted(text: string): string {
  const escapes: Record<string, string> = { '07': '\\a', '0b': '\\v' }
  return JSON.stringify(text)
    .replace(/\\(?:u00([0-9a-f]{2})|.)/g, (found, code?: string) =>
      code === undefined ? found : (escapes[code] ?? `\\x${code}`),
    )
    .replace(/\u007f/g, '\\x7f')
}
