/** 14,233 */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 40ms, 4.0s, 3m, 2h: short, for a table's cell. */
export function age(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m`
  return `${Math.floor(ms / 3_600_000)}h`
}

/** 1.2 ms, 34 ms. */
export function millis(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${grouped(ms)} ms`
}

/** 4.1 MB */
export function bytes(value: number): string {
  if (value < 1_000_000) return `${(value / 1_000).toFixed(0)} kB`
  if (value < 1_000_000_000) return `${(value / 1_000_000).toFixed(1)} MB`
  return `${(value / 1_000_000_000).toFixed(1)} GB`
}

/** 12:04:31 in the time zone of this process; with milliseconds 12:04:31.042. */
export function clock(at: number, milliseconds = false): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text
}
