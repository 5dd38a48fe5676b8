/**
 * Schedules in cron's format: what is wrong with one, in the words of the parser that upstream
 * uses; undefined for a good one. Source: github.com/robfig/cron/v3 parser.go ParseStandard.
 */

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Minute, hour, day of the month, month, day of the week. */
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
]

const descriptors = new Set([
  ...['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'],
])
const every = '@every '
const durationUnits = '(ns|us|µs|μs|ms|s|m|h)'
const durationPattern = new RegExp(`^[-+]?(0|(([0-9]+\\.?[0-9]*|\\.[0-9]+)${durationUnits})+)$`)

export function cronError(schedule: string): string | undefined {
  let spec = schedule
  if (/^(CRON_)?TZ=/.test(spec)) {
    const [at, equals] = [spec.indexOf(' '), spec.indexOf('=')]
    if (at < 0) {
      const text = `runtime error: slice bounds out of range [${equals + 1}:-1]`
      return `invalid schedule format: ${text.replace(`${equals + 1}:`, ':')}`
    }
    const zone = spec.slice(equals + 1, at)
    if (!isTimeZone(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`
    spec = spec.slice(at).trim()
  }
  if (spec.startsWith('@')) return descriptorError(spec)
  const given = spec.split(/\s+/).filter(Boolean)
  if (given.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${given.length}: [${given.join(' ')}]`
  }
  for (const [index, bounds] of fields.entries()) {
    const wrong = fieldError(given[index] ?? '', bounds)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Whether the time zone database has it. */
export function isTimeZone(name: string): boolean {
  if (name === '' || name === 'Local') return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function descriptorError(spec: string): string | undefined {
  if (descriptors.has(spec)) return undefined
  if (!spec.startsWith(every)) return `unrecognized descriptor: ${spec}`
  const duration = spec.slice(every.length)
  if (durationPattern.test(duration)) return undefined
  const quoted = JSON.stringify(duration)
  return `failed to parse duration ${spec}: time: invalid duration ${quoted}`
}

function fieldError(field: string, bounds: Bounds): string | undefined {
  for (const expression of field.split(',').filter(Boolean)) {
    const wrong = rangeError(expression, bounds)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function rangeError(expression: string, { min, max, names }: Bounds): string | undefined {
  const [range = '', ...steps] = expression.split('/')
  const [low = '', ...highs] = range.split('-')
  const isAll = low === '*' || low === '?'
  const start = isAll ? min : numberOf(low, names)
  if (typeof start === 'string') return start
  if (!isAll && highs.length > 1) return `too many hyphens: ${expression}`
  let end = isAll ? max : highs[0] === undefined ? start : numberOf(highs[0], names)
  if (typeof end === 'string') return end
  if (steps.length > 1) return `too many slashes: ${expression}`
  const step = steps[0] === undefined ? 1 : numberOf(steps[0])
  if (typeof step === 'string') return step
  if (steps.length === 1 && highs.length === 0) end = max
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${expression}`
  if (end > max) return `end of range (${end}) above maximum (${max}): ${expression}`
  if (start > end) {
    return `beginning of range (${start}) beyond end of range (${end}): ${expression}`
  }
  return step === 0 ? `step of range should be a positive number: ${expression}` : undefined
}

/** A number, or what is wrong with it. */
function numberOf(text: string, names: readonly string[] = []): number | string {
  const named = names.indexOf(text.toLowerCase())
  // Months are counted from one, days from zero.
  if (named >= 0) return names === months ? named + 1 : named
  if (!/^[-+]?[0-9]+$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
    return `failed to parse int from ${text}: ${why}`
  }
  const value = Number(text)
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value
}
