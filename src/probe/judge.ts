import type { Tally, Verdict } from './types.ts'

/**
 * Compares what was acknowledged with what is there, pure.
 * @param present the mark of every object found, with repeats.
 * @param counter the counter's value; each acknowledged increment added exactly one.
 */
export function judge(
  creates: { readonly acknowledged: ReadonlySet<string>; readonly unknown: ReadonlySet<string> },
  increments: Pick<Tally, 'acknowledged' | 'unknown'>,
  present: readonly string[],
  counter: number,
): Verdict {
  const found = new Set(present)
  const missing = [...creates.acknowledged].filter(mark => !found.has(mark)).length
  const repeated = present.length - found.size
  const strange = [...found].filter(
    mark => !creates.acknowledged.has(mark) && !creates.unknown.has(mark),
  ).length
  const lostIncrements = Math.max(increments.acknowledged - counter, 0)
  const surplus = Math.max(counter - increments.acknowledged - increments.unknown, 0)
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
