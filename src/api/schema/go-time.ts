/**
 * Times of RFC 3339 as Go reads them, and what it says of a text that is none; clients see it word
 * for word. Source: time.Parse; meta/v1 Time.UnmarshalJSON and MicroTime.UnmarshalJSON.
 */

/** A time to the second in UTC, without zone, and the digits below. */
export interface GoTime {
  readonly seconds: string
  readonly fraction: string
}

/** Thrown for a text that is no time, in Go's words. */
export class TimeError extends Error {
  override readonly name = 'TimeError'
}

export type TimeLayout = 'time' | 'microtime'

const layouts: Readonly<Record<TimeLayout, string>> = {
  time: '2006-01-02T15:04:05Z07:00',
  microtime: '2006-01-02T15:04:05.000000Z07:00',
}

/** The parts of a layout: how many characters each takes, its bounds, what Go calls it. */
const parts = [
  { layout: '2006', pattern: /^\d{4}/, before: '' },
  { layout: '01', pattern: /^\d\d/, before: '-', name: 'month', min: 1, max: 12 },
  { layout: '02', pattern: /^\d\d/, before: '-' },
  { layout: '15', pattern: /^\d\d?/, before: 'T', name: 'hour', max: 23 },
  { layout: '04', pattern: /^\d\d/, before: ':', name: 'minute', max: 59 },
  { layout: '05', pattern: /^\d\d/, before: ':', name: 'second', max: 59 },
] as const

/** @throws TimeError */
export function parseGoTime(text: string, layout: TimeLayout): GoTime {
  const failed = (at: string, wanted: string, why = '') => {
    const told = `parsing time ${quote(text)}`
    if (why !== '') return new TimeError(`${told}: ${why}`)
    return new TimeError(
      `${told} as "${layouts[layout]}": cannot parse ${quote(at)} as "${wanted}"`,
    )
  }
  let rest = text
  const numbers: number[] = []
  for (const part of parts) {
    if (!rest.startsWith(part.before)) throw failed(rest, part.before)
    rest = rest.slice(part.before.length)
    const [digits] = part.pattern.exec(rest) ?? []
    if (digits === undefined) throw failed(rest, part.layout)
    rest = rest.slice(digits.length)
    const number = Number(digits)
    if ('max' in part && (number > part.max || ('min' in part && number < part.min))) {
      throw failed('', '', `${part.name} out of range`)
    }
    numbers.push(number)
  }
  const micro = layout === 'microtime'
  const [, digits = ''] = (micro ? /^[.,](\d{6})/ : /^[.,](\d+)/).exec(rest) ?? []
  if (micro && digits === '') throw failed(rest, '.000000')
  if (digits !== '') rest = rest.slice(digits.length + 1)
  const [zone, sign, hours = '0', minutes = '0'] = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(rest) ?? []
  if (zone === undefined) throw failed(rest, 'Z07:00')
  if (Number(hours) > 24) throw failed('', '', 'time zone offset hour out of range')
  if (Number(minutes) > 60) throw failed('', '', 'time zone offset minute out of range')
  rest = rest.slice(zone.length)
  if (rest !== '') throw failed('', '', `extra text: ${quote(rest)}`)
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = numbers
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCDate() !== day) throw failed('', '', 'day out of range')
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  date.setUTCHours(hour, minute - offset, second)
  const seconds = date.toISOString().slice(0, 19)
  if (!/^\d{4}-/.test(seconds)) throw failed('', '', 'year outside of range [0,9999]')
  return { seconds, fraction: digits }
}

/** Source: time.quote, which writes what is not printable by its bytes. */
function quote(text: string): string {
  let quoted = ''
  for (const character of text) {
    if (character === '"' || character === '\\') quoted += `\\${character}`
    else if (character < ' ' || character > '~') {
      for (const byte of Buffer.from(character)) {
        quoted += `\\x${byte.toString(16).padStart(2, '0')}`
      }
    } else quoted += character
  }
  return `"${quoted}"`
}
