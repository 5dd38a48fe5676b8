/** `list` with `items` behind it, cut to the newest `max`. */
export function pushed<T>(list: readonly T[], items: readonly T[], max: number): readonly T[] {
  if (items.length === 0) return list
  const all = [...list, ...items]
  return all.length > max ? all.slice(-max) : all
}

/** The value below which `share` (0..1) of `values` lie; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
