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
    const values = supported.map(one => JSON.stringify(one)).join(', ')
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
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === undefined || value === null ? 'null' : stringifyJson(value)
}
