import { readFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { BroadcastChannel, isMainThread } from 'node:worker_threads'

/**
 * Loaded into every thread of a measured member (NODE_OPTIONS=--import=...): it measures how long
 * the consensus thread was away from its event loop, apart from waiting for a core, which others on
 * the machine cause and nobody here can mend. With QUORATE_BENCH_PROFILE=FOLDER it also writes a
 * CPU profile of the thread.
 */
export const stallChannel = 'bench-stalls'

/** The longest since the last question, milliseconds. */
export interface Stall {
  /** By the clock. */
  readonly wallMs: number
  /** Without the time in which the thread could run and had no core. Linux; else as `wallMs`. */
  readonly ownMs: number
}

const periodMs = 5

if (!isMainThread) watch()

function watch(): void {
  const channel = new BroadcastChannel(stallChannel)
  const endProfile = beginProfile(process.env.QUORATE_BENCH_PROFILE)
  let worst = { wallMs: 0, ownMs: 0 }
  let lastAt = performance.now()
  let lastWait = waitedMs()
  setInterval(() => {
    const now = performance.now()
    const wait = waitedMs()
    const wallMs = Math.max(0, now - lastAt - periodMs)
    const ownMs = Math.max(0, wallMs - (wait - lastWait))
    worst = { wallMs: Math.max(worst.wallMs, wallMs), ownMs: Math.max(worst.ownMs, ownMs) }
    lastAt = now
    lastWait = wait
  }, periodMs).unref()
  channel.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: unknown }
    if (data !== 'ask' && data !== 'end') return
    if (data === 'end') endProfile()
    channel.postMessage(worst)
    worst = { wallMs: 0, ownMs: 0 }
  }
  ;(channel as unknown as { unref(): void }).unref()
}

/** How long this thread has waited for a core since it began. Source: Linux sched-stats.rst. */
function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

function beginProfile(folder: string | undefined): () => void {
  if (folder === undefined) return () => {}
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.start')
  return () => {
    session.post('Profiler.stop', (_error, { profile }) => {
      writeFileSync(`${folder}/consensus-${process.pid}.cpuprofile`, JSON.stringify(profile))
    })
  }
}
