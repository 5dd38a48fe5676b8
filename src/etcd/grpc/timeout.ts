const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/**
 * `grpc-timeout` in milliseconds; undefined when it is absent or malformed.
 * Source: grpc/grpc doc/PROTOCOL-HTTP2.md, at most 8 digits and a unit.
 */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const unit = unitMs[text.slice(-1)]
  const digits = text.slice(0, -1)
  return unit !== undefined && /^\d{1,8}$/.test(digits) ? Number(digits) * unit : undefined
}
