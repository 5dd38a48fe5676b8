import type { Clock } from '../../kernel/clock.ts'
import type { WatchStream } from './watch-stream.ts'

/** Watchers that are behind are looked at by etcd each 100 ms. Source: mvcc syncWatchersLoop. */
const answerMs = 500

/**
 * The revision below which etcd has forgotten, 0 if none. No call says it but HashKV, which reads
 * everything; a watch from the beginning is told. The key is one that nobody writes.
 */
export function askFloor(stream: WatchStream, clock: Clock): Promise<number> {
  return new Promise(resolve => {
    const end = (floor: number) => {
      stopWaiting()
      cancel()
      resolve(floor)
    }
    const cancel = stream.create(
      { key: '\0quorate/floor', startRevision: 1 },
      {
        onResponse: ({ canceled, compactRevision }) => {
          if (canceled) end(compactRevision)
        },
        onBroken: () => end(0),
      },
    )
    const stopWaiting = clock.after(answerMs, () => end(0))
  })
}
