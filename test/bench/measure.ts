import { Samples } from '../../src/store/samples.ts'

/** What one run of one workload at one level of concurrency gave. */
export interface Figures {
  readonly outstanding: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failed: number
}

/** One request of writer `writer`, its `n`th; false when it was refused. */
export type Perform = (writer: number, n: number) => Promise<boolean>

/** Keeps `outstanding` requests under way for `durationMs`. */
export async function measure(
  perform: Perform,
  outstanding: number,
  durationMs: number,
): Promise<Figures> {
  const latencies = new Samples(1 << 16)
  const begun = performance.now()
  const end = begun + durationMs
  let done = 0
  let failed = 0
  const loop = async (writer: number) => {
    for (let n = 0; performance.now() < end; n++) {
      const at = performance.now()
      const ok = await perform(writer, n).catch(() => false)
      latencies.add(performance.now() - at)
      if (ok) done++
      else failed++
    }
  }
  await Promise.all(Array.from({ length: outstanding }, (_, writer) => loop(writer)))
  const { p50: p50Ms, p99: p99Ms } = latencies.percentiles()
  const perSecond = Math.round((done * 1000) / (performance.now() - begun))
  return { outstanding, perSecond, p50Ms, p99Ms, failed }
}

/** The round with the median throughput. */
export function medianOf(figures: readonly Figures[]): Figures | undefined {
  const sorted = [...figures].sort((a, b) => a.perSecond - b.perSecond)
  return sorted[sorted.length >> 1]
}
