const suffixes: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
}

/** A quantity as a number of its unit (cores, bytes); NaN for what is none. */
export function parseQuantity(text: string | number | undefined): number {
  const match = /^([+-]?[\d.]+)(m|k|[MGTP]i?|Ki|)$/.exec(String(text ?? '0'))
  return match ? Number(match[1]) * suffixes[match[2]!]! : Number.NaN
}
