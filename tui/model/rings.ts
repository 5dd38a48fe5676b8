/** `list` with `items` behind it, cut to the newest `max`. */
export function pushed<T>(list: readonly T[], items: readonly T[], max: number): readonly T[] {
  if (items.length === 0) return list
  const all = [...list, ...items]
  return all.length > max ? all.slice(-max) : all
}
