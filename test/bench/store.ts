import { Samples } from '../../src/store/samples.ts'
import type { Store } from '../../src/store/types.ts'

/** What one run at one level of concurrency gave. */
export interface PutFigures {
  readonly outstanding: number
  readonly putsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failed: number
}

/** Puts of `valueBytes`, `outstanding` of them at a time, for `durationMs`. */
export async function measurePuts(
  store: Store,
  outstanding: number,
  durationMs: number,
  valueBytes = 256,
): Promise<PutFigures> {
  const value = Buffer.alloc(valueBytes, 'v')
  const latencies = new Samples(1 << 16)
  const begun = performance.now()
  const end = begun + durationMs
  let done = 0
  let failed = 0
  const writer = async (name: number) => {
    for (let n = 0; performance.now() < end; n++) {
      const at = performance.now()
      const key = `bench/${name}/${n % 1_000}`
      const op = { type: 'put', key, value } as const
      const result = await store.txn({ compares: [], success: [op], failure: [] })
      latencies.add(performance.now() - at)
      if (result.ok) done++
      else failed++
    }
  }
  await Promise.all(Array.from({ length: outstanding }, (_, name) => writer(name)))
  const { p50: p50Ms, p99: p99Ms } = latencies.percentiles()
  const putsPerSecond = Math.round((done * 1000) / (performance.now() - begun))
  return { outstanding, putsPerSecond, p50Ms, p99Ms, failed }
}
