import type { Tally, Verdict } from './types.ts'

/**
 * Compares what was acknowledged with what is there, pure.
 * @param creates `inFlight`: may be there, and need not be, for no answer has come yet.
 * @param increments `inFlight`: how many may be in the counter without an answer yet.
 * @param present the mark of every object found, with repeats.
 * @param counter the counter's value; each acknowledged increment added exactly one.
 */
export function judge(
  creates: {
    readonly acknowledged: ReadonlySet<string>
    readonly unknown: ReadonlySet<string>
    readonly inFlight?: ReadonlySet<string>
  },
  increments: Pick<Tally, 'acknowledged' | 'unknown'> & { readonly inFlight?: number },
  present: readonly string[],
  counter: number,
): Verdict {
  const found = new Set(present)
  const missing = [...creates.acknowledged].filter(mark => !found.has(mark)).length
  const repeated = present.length - found.size
  const strange = [...found].filter(
    mark =>
      !creates.acknowledged.has(mark) && !creates.unknown.has(mark) && !creates.inFlight?.has(mark),
  ).length
  const lostIncrements = Math.max(increments.acknowledged - counter, 0)
  const possible = increments.unknown + (increments.inFlight ?? 0)
  const surplus = Math.max(counter - increments.acknowledged - possible, 0)
  const lost = missing + lostIncrements
  const duplicated = repeated + strange + surplus
  return {
    lost,
    duplicated,
    unknownApplied: [...creates.unknown].filter(mark => found.has(mark)).length,
    objects: present.length,
    acknowledged: creates.acknowledged.size,
    unknown: creates.unknown.size,
    counter,
    incrementsAcknowledged: increments.acknowledged,
    incrementsUnknown: increments.unknown,
    ok: lost === 0 && duplicated === 0,
  }
}
