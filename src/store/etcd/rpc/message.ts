import { assert } from '../../../kernel/assert.ts'
import { MalformedMessage, Reader, type WideInt } from './reader.ts'
import { Writer } from './writer.ts'

/**
 * One kind of field: how its value is read, written and what it is when absent. `write` writes
 * value before length, as the Writer wants it.
 */
interface Kind<T> {
  readonly wireType: 0 | 2
  readonly absent: T
  read(reader: Reader): T
  write(writer: Writer, value: T): void
  isAbsent(value: T): boolean
  /** Of nested messages: their type. */
  type?(): MessageType<never>
}

/** A field of a message: its number and kind, as in the .proto file. */
export interface Field<T> {
  readonly number: number
  readonly kind: Kind<unknown>
  readonly repeated: boolean
  /** Only a type: what the field's value is. */
  readonly value?: T
}

/** The fields of a message by name, in the order of their numbers. */
type Fields = Readonly<Record<string, Field<unknown>>>

/** What a message of these fields decodes to. */
export type Decoded<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never
}

/** A message type. `encode` takes what is not given as absent. */
export interface MessageType<T> {
  /** @throws MalformedMessage */
  decode(bytes: Uint8Array): T
  encode(value: Partial<T>): Buffer
  /** As `encode`, in parts: large values are views of what was given. */
  encodeParts(value: Partial<T>): Buffer[]
  /** Whether `encodeParts` would take more than a step. */
  isLong(value: Partial<T>): boolean
  /** As `encodeParts`, in steps: others run between them. */
  encodeSteps(value: Partial<T>): Generator<void, Buffer[]>
  /** For messages that contain this one. */
  read(reader: Reader): T
  write(writer: Writer, value: Partial<T>): void
  writeSteps(writer: Writer, value: Partial<T>): Generator<void, void>
  /** Whether a message of this type can have lists, its own or those of messages in it. */
  readonly hasLists: boolean
  /** Items of all these lists, or more than `max`. */
  items(value: Partial<T>, max: number): number
}

/** The object that a message type decodes to. */
export type MessageOf<M> = M extends MessageType<infer T> ? T : never

/** What one step encodes: a millisecond or two. */
const stepItems = 500
const stepBytes = 256 << 10

const none = new Uint8Array(0)
const noItems: readonly never[] = Object.freeze([])

const zero = (value: unknown) => value === 0
const kinds = {
  int64: {
    wireType: 0,
    absent: 0,
    read: reader => reader.int64(),
    write: (writer, value) => writer.wide(value),
    isAbsent: zero,
  } satisfies Kind<number>,
  wide: {
    wireType: 0,
    absent: 0,
    read: reader => reader.wide(),
    write: (writer, value) => writer.wide(value),
    isAbsent: value => value === 0 || value === 0n,
  } satisfies Kind<WideInt>,
  uint32: {
    wireType: 0,
    absent: 0,
    read: reader => reader.uint32(),
    write: (writer, value) => writer.uint32(value),
    isAbsent: zero,
  } satisfies Kind<number>,
  uint64: {
    wireType: 0,
    absent: 0n,
    read: reader => reader.uint64(),
    write: (writer, value) => writer.wide(value),
    isAbsent: value => value === 0n,
  } satisfies Kind<bigint>,
  bool: {
    wireType: 0,
    absent: false,
    read: reader => reader.bool(),
    write: (writer, value) => writer.uint32(value ? 1 : 0),
    isAbsent: value => !value,
  } satisfies Kind<boolean>,
  key: {
    wireType: 2,
    absent: '',
    read: reader => reader.key(),
    write: (writer, value) => writer.key(value),
    isAbsent: value => value === '',
  } satisfies Kind<string>,
  string: {
    wireType: 2,
    absent: '',
    read: reader => reader.string(),
    write: (writer, value) => writer.string(value),
    isAbsent: value => value === '',
  } satisfies Kind<string>,
  bytes: {
    wireType: 2,
    absent: none as Uint8Array,
    read: reader => reader.bytes(),
    write: (writer, value) => writer.bytes(value),
    isAbsent: value => value.length === 0,
  } satisfies Kind<Uint8Array>,
}

function scalar<T>(kind: Kind<T>): (number: number) => Field<T> {
  return number => ({ number, kind: kind as Kind<unknown>, repeated: false })
}

/** Kinds of fields, each called with the field's number. `enumeration` is an int32. */
export const field = {
  int64: scalar<number>(kinds.int64),
  wide: scalar<WideInt>(kinds.wide),
  uint32: scalar<number>(kinds.uint32),
  uint64: scalar<bigint>(kinds.uint64),
  enumeration: scalar<number>(kinds.uint32),
  bool: scalar<boolean>(kinds.bool),
  key: scalar<string>(kinds.key),
  string: scalar<string>(kinds.string),
  bytes: scalar<Uint8Array>(kinds.bytes),
  /** A nested message; undefined when absent, also as a member of a oneof. */
  message: <T>(number: number, type: () => MessageType<T>): Field<Partial<T> | undefined> =>
    ({ number, kind: nested(type) as Kind<unknown>, repeated: false }) as Field<never>,
  repeated: <T>(of: Field<T>): Field<readonly NonNullable<T>[]> =>
    ({ ...of, repeated: true }) as Field<never>,
} as const

function nested<T>(type: () => MessageType<T>): Kind<Partial<T> | undefined> {
  return {
    wireType: 2,
    absent: undefined,
    read: reader => type().read(reader.nested()),
    write(writer, value) {
      const before = writer.written
      type().write(writer, value ?? {})
      writer.uint32(writer.written - before)
    },
    isAbsent: value => value === undefined,
    type: type as () => MessageType<never>,
  }
}

interface Row {
  readonly name: string
  readonly tag: number
  readonly kind: Kind<unknown>
  readonly repeated: boolean
}

/** The type of the row's messages when they may have lists. */
function typeWithLists({ kind }: Row): MessageType<unknown> | undefined {
  const type = kind.type?.() as MessageType<unknown> | undefined
  return type?.hasLists ? type : undefined
}

const scratch = new Writer()

/**
 * Makes a message type of a table of fields. Unknown fields are skipped, and so is a known number
 * with another wire type, except that numbers may come packed. Source: protobuf encoding guide.
 */
export function message<F extends Fields>(fields: F): MessageType<Decoded<F>> {
  return new Message(fields) as unknown as MessageType<Decoded<F>>
}

class Message implements MessageType<Record<string, unknown>> {
  readonly #rows: readonly Row[]
  readonly #byNumber: (Row | undefined)[] = []
  readonly #template: Record<string, unknown> = {}
  #hasLists: boolean | undefined

  constructor(fields: Fields) {
    const rows: Row[] = []
    for (const [name, { number, kind, repeated }] of Object.entries(fields)) {
      assert(this.#byNumber[number] === undefined, `field ${number} is given twice`)
      const row = { name, tag: number * 8 + kind.wireType, kind, repeated }
      this.#byNumber[number] = row
      this.#template[name] = repeated ? noItems : kind.absent
      rows.push(row)
    }
    // Written from the end: the last field first.
    this.#rows = rows.sort((left, right) => right.tag - left.tag)
  }

  decode(bytes: Uint8Array): Record<string, unknown> {
    return this.read(new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
  }

  read(reader: Reader): Record<string, unknown> {
    const value = { ...this.#template }
    while (!reader.isAtEnd) {
      const tag = reader.uint32()
      const row = this.#byNumber[tag >>> 3]
      if (tag < 8) throw new MalformedMessage('field number 0')
      if (row?.tag === tag) readField(value, row, reader)
      else if (row?.repeated && row.kind.wireType === 0 && (tag & 7) === 2) {
        const packed = reader.nested()
        while (!packed.isAtEnd) readField(value, row, packed)
      } else reader.skip(tag & 7)
    }
    return value
  }

  encode(value: Record<string, unknown>): Buffer {
    const parts = this.encodeParts(value)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  encodeParts(value: Record<string, unknown>): Buffer[] {
    try {
      this.write(scratch, value)
      return scratch.take()
    } catch (error) {
      scratch.clear()
      throw error
    }
  }

  isLong(value: Record<string, unknown>): boolean {
    return this.hasLists && this.items(value, stepItems) > stepItems
  }

  *encodeSteps(value: Record<string, unknown>): Generator<void, Buffer[]> {
    const writer = new Writer()
    yield* this.writeSteps(writer, value)
    return writer.take()
  }

  write(writer: Writer, value: Record<string, unknown>): void {
    for (const row of this.#rows) writeField(writer, row, value[row.name])
  }

  *writeSteps(writer: Writer, value: Record<string, unknown>): Generator<void, void> {
    for (const row of this.#rows) {
      const item = value[row.name]
      const type = typeWithLists(row)
      if (item === undefined || (type === undefined && !isList(row))) {
        writeField(writer, row, item)
        continue
      }
      const items = row.repeated ? (item as unknown[]) : [item]
      for (let index = items.length - 1; index >= 0; index--) {
        if (type === undefined) row.kind.write(writer, items[index])
        else yield* writeNested(writer, type, items[index] as object)
        writer.uint32(row.tag)
        if (index % stepItems !== 0 && writer.unsealed < stepBytes) continue
        writer.seal()
        yield
      }
    }
  }

  get hasLists(): boolean {
    // Of a type within itself the other fields decide.
    if (this.#hasLists === undefined) {
      this.#hasLists = false
      this.#hasLists = this.#rows.some(row => isList(row) || typeWithLists(row) !== undefined)
    }
    return this.#hasLists
  }

  items(value: Record<string, unknown>, max: number): number {
    let sum = 0
    for (const row of this.#rows) {
      const item = value[row.name]
      const type = typeWithLists(row)
      if (item === undefined || (type === undefined && !isList(row))) continue
      const items = row.repeated ? (item as unknown[]) : [item]
      sum += items.length
      for (let at = 0; type !== undefined && at < items.length && sum <= max; at++) {
        sum += type.items(items[at] as object, max - sum)
      }
    }
    return sum
  }
}

/** A list whose items have a tag each. */
function isList({ repeated, kind }: Row): boolean {
  return repeated && kind.wireType === 2
}

function writeField(writer: Writer, { tag, kind, repeated }: Row, item: unknown): void {
  if (item === undefined) return
  if (repeated) writeItems(writer, tag, kind, item as unknown[])
  else if (!kind.isAbsent(item)) {
    kind.write(writer, item)
    writer.uint32(tag)
  }
}

function* writeNested(
  writer: Writer,
  type: MessageType<unknown>,
  value: object,
): Generator<void, void> {
  const before = writer.written
  yield* type.writeSteps(writer, value)
  writer.uint32(writer.written - before)
}

function readField(value: Record<string, unknown>, row: Row, reader: Reader): void {
  const item = row.kind.read(reader)
  if (!row.repeated) value[row.name] = item
  else if (value[row.name] === noItems) value[row.name] = [item]
  else (value[row.name] as unknown[]).push(item)
}

/** Numbers are packed, as proto3 has it; the rest has a tag each. */
function writeItems(writer: Writer, tag: number, kind: Kind<unknown>, items: unknown[]): void {
  if (items.length === 0) return
  const before = writer.written
  for (let index = items.length - 1; index >= 0; index--) {
    kind.write(writer, items[index])
    if (kind.wireType === 2) writer.uint32(tag)
  }
  if (kind.wireType === 2) return
  writer.uint32(writer.written - before)
  writer.uint32(tag + 2)
}
