/**
 * What Go's decoder says of a text that is no JSON; clients see it word for word. Its scanner reads
 * bytes, and tells the first one that can't stand where it is.
 * Source: encoding/json scanner.go, in its copy sigs.k8s.io/json.
 */

/** Where the scanner is within the innermost object or list. */
type Within = 'key' | 'value' | 'element'

/** Reads one byte; a text is what is wrong with it, a state is what is expected next. */
type State = (byte: number, scanner: Scanner) => State | string

interface Scanner {
  readonly within: Within[]
}

const code = (character: string) => character.charCodeAt(0)
const isSpace = (byte: number) => byte === 32 || byte === 9 || byte === 10 || byte === 13
const isDigit = (byte: number) => byte >= code('0') && byte <= code('9')
const isHex = (byte: number) => /[0-9a-fA-F]/.test(String.fromCharCode(byte))

/** Why the text is no JSON; undefined when it is. Linear, without recursion. */
export function jsonSyntaxError(text: string): string | undefined {
  const scanner: Scanner = { within: [] }
  let state: State = beginValue
  for (const byte of Buffer.from(text, 'utf8')) {
    const next = state(byte, scanner)
    if (typeof next === 'string') return `invalid character ${quoted(byte)} ${next}`
    state = next
  }
  // A number may end with the text, which a space shows.
  const last = state(32, scanner)
  if (typeof last === 'string') return `invalid character ' ' ${last}`
  return scanner.within.length === 0 && last === endTop ? undefined : 'unexpected end of JSON input'
}

/** A byte as Go's strconv.Quote writes it, in single quotation marks. */
function quoted(byte: number): string {
  const character = String.fromCharCode(byte)
  if (character === "'") return "'\\''"
  if (character === '"') return `'"'`
  const named: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }
  if (named[character] !== undefined) return `'${named[character]}'`
  if (byte < 32 || byte === 127) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  return byte >= 128 && byte < 160 ? `'\\u${byte.toString(16).padStart(4, '0')}'` : `'${character}'`
}

const beginValue: State = (byte, scanner) => {
  if (isSpace(byte)) return beginValue
  const character = String.fromCharCode(byte)
  switch (character) {
    case '{':
      scanner.within.push('key')
      return beginKeyOrEnd
    case '[':
      scanner.within.push('element')
      return beginElementOrEnd
    case '"':
      return inString
    case '-':
      return afterMinus
    case '0':
      return afterInteger
    case 't':
      return literal('true', 1)
    case 'f':
      return literal('false', 1)
    case 'n':
      return literal('null', 1)
    default:
      return isDigit(byte) ? inInteger : 'looking for beginning of value'
  }
}

const beginElementOrEnd: State = (byte, scanner) => {
  if (isSpace(byte)) return beginElementOrEnd
  return byte === code(']') ? endValue(byte, scanner) : beginValue(byte, scanner)
}

const beginKeyOrEnd: State = (byte, scanner) => {
  if (isSpace(byte)) return beginKeyOrEnd
  if (byte !== code('}')) return beginKey(byte, scanner)
  scanner.within[scanner.within.length - 1] = 'value'
  return endValue(byte, scanner)
}

const beginKey: State = byte => {
  if (isSpace(byte)) return beginKey
  return byte === code('"') ? inString : 'looking for beginning of object key string'
}

/** What may follow a value, by where it stands. */
const afterValue: Readonly<Record<Within, State>> = {
  key: (byte, scanner) => {
    if (byte !== code(':')) return 'after object key'
    scanner.within[scanner.within.length - 1] = 'value'
    return beginValue
  },
  value: (byte, scanner) => {
    if (byte === code('}')) return closed(scanner)
    if (byte !== code(',')) return 'after object key:value pair'
    scanner.within[scanner.within.length - 1] = 'key'
    return beginKey
  },
  element: (byte, scanner) => {
    if (byte === code(']')) return closed(scanner)
    return byte === code(',') ? beginValue : 'after array element'
  },
}

const endValue: State = (byte, scanner) => {
  const within = scanner.within.at(-1)
  if (within === undefined) return endTop(byte, scanner)
  return isSpace(byte) ? endValue : afterValue[within](byte, scanner)
}

function closed(scanner: Scanner): State {
  scanner.within.pop()
  return scanner.within.length === 0 ? endTop : endValue
}

const endTop: State = byte => (isSpace(byte) ? endTop : 'after top-level value')

const inString: State = byte => {
  if (byte === code('"')) return endValue
  if (byte === code('\\')) return inEscape
  return byte < 32 ? 'in string literal' : inString
}

const inEscape: State = byte => {
  const character = String.fromCharCode(byte)
  if (character === 'u') return inHex(4)
  return 'bfnrt\\/"'.includes(character) ? inString : 'in string escape code'
}

function inHex(left: number): State {
  return byte => {
    if (!isHex(byte)) return 'in \\u hexadecimal character escape'
    return left === 1 ? inString : inHex(left - 1)
  }
}

const afterMinus: State = byte => {
  if (byte === code('0')) return afterInteger
  return isDigit(byte) ? inInteger : 'in numeric literal'
}

const inInteger: State = (byte, scanner) =>
  isDigit(byte) ? inInteger : afterInteger(byte, scanner)

const afterInteger: State = (byte, scanner) => {
  if (byte === code('.')) return afterDot
  return isExponent(byte) ? afterE : endValue(byte, scanner)
}

const afterDot: State = byte =>
  isDigit(byte) ? inFraction : 'after decimal point in numeric literal'

const inFraction: State = (byte, scanner) => {
  if (isDigit(byte)) return inFraction
  return isExponent(byte) ? afterE : endValue(byte, scanner)
}

const isExponent = (byte: number) => byte === code('e') || byte === code('E')

const afterE: State = (byte, scanner) =>
  byte === code('+') || byte === code('-') ? afterSign : afterSign(byte, scanner)

const afterSign: State = byte => (isDigit(byte) ? inExponent : 'in exponent of numeric literal')

const inExponent: State = (byte, scanner) => (isDigit(byte) ? inExponent : endValue(byte, scanner))

function literal(word: string, at: number): State {
  if (at === word.length) return endValue
  return byte =>
    byte === word.charCodeAt(at)
      ? literal(word, at + 1)
      : `in literal ${word} (expecting '${word[at]}')`
}
