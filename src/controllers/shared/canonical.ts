/** JSON with sorted keys and without empty values: equal objects give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    const sorted: Record<string, unknown> = {}
    for (const name of Object.keys(part).sort()) {
      const field = (part as Record<string, unknown>)[name]
      if (field !== null && field !== undefined) sorted[name] = field
    }
    return sorted
  })
}

export function equal(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b)
}
