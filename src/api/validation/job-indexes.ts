/** Indexes of a job, `1,3-5`. Source: pkg/apis/batch/validation validateIndexesFormat. */

/** How many there are, or what is wrong with them. */
export function indexesError(text: string, completions: number): number | string {
  if (text === '') return 0
  let total = 0
  let last: number | undefined
  for (const part of text.split(',')) {
    const found = intervalOf(part, completions)
    if (typeof found === 'string') return found
    const [from, to] = found
    if (last !== undefined && last >= from) {
      return `non-increasing order, previous: ${last}, current: ${from}`
    }
    total += to - from + 1
    last = to
  }
  return total
}

function intervalOf(text: string, completions: number): readonly [number, number] | string {
  const parts = text.split('-')
  if (parts.length > 2) {
    return (
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can ` +
      "have at most two parts separated by '-'"
    )
  }
  const numbers: number[] = []
  for (const part of parts) {
    const quoted = JSON.stringify(part)
    if (!/^[-+]?[0-9]+$/.test(part)) return `cannot convert string to integer for index: ${quoted}`
    if (Number(part) >= completions) return `too large index: ${quoted}`
    numbers.push(Number(part))
  }
  const [from = 0, to] = numbers
  if (to === undefined) return [from, from]
  return from >= to ? `non-increasing order, previous: ${from}, current: ${to}` : [from, to]
}
