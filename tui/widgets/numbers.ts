/** 14,233 */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

const steps = ['', 'k', 'M', 'G', 'T', 'P'] as const

/** In at most `cells` (>= 3): 14,233 where that fits, else 14.2k, 14k, 2.2M; never cut. */
export function short(value: number, cells: number): string {
  const whole = grouped(value)
  if (whole.length <= cells) return whole
  let scaled = value
  for (const step of steps) {
    for (const digits of step === '' ? [] : [1, 0]) {
      const text = `${scaled.toFixed(digits)}${step}`
      if (text.length <= cells && Math.abs(Number(scaled.toFixed(digits))) < 1_000) return text
    }
    scaled /= 1_000
  }
  return '>'.padEnd(cells, '9')
}

/** 40ms, 4.0s, 3m, 2h, 5d: short, for a table's cell. */
export function age(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))}ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)}s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)}h`
  return `${Math.floor(ms / 86_400_000)}d`
}

/** 346 ms, 9,120 ms, 12.3 s, 3 m 5 s, 2 h 7 m: for a sentence. */
export function duration(ms: number): string {
  if (ms < 9_999.5) return `${grouped(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
  return `${grouped(Math.floor(seconds / 3_600))} h ${Math.floor((seconds % 3_600) / 60)} m`
}

/** 1.2 ms, 34 ms. */
export function millis(ms: number): string {
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : duration(ms)
}

/** 4.1 MB */
export function bytes(value: number): string {
  if (value < 999_500) return `${(value / 1_000).toFixed(0)} kB`
  if (value < 999_950_000) return `${(value / 1_000_000).toFixed(1)} MB`
  return `${(value / 1_000_000_000).toFixed(1)} GB`
}

/** 12:04:31 in the time zone of this process; with milliseconds 12:04:31.042. */
export function clock(at: number, milliseconds = false): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text
}
