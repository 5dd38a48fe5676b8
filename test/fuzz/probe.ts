import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads'

/**
 * Loaded into every thread of a process behind a door (NODE_OPTIONS=--import=...): it measures how
 * long each thread was away from its event loop, and what is left on the heap after a full
 * collection. Whoever connects to `<folder>/<pid>.sock` is told, as one line of JSON.
 */
export interface ThreadFigures {
  /** 0 is the main thread. */
  readonly thread: number
  /**
   * The longest turn since the last question, in CPU time of this thread: by the clock a busy
   * machine makes every turn long. Milliseconds; where there is no schedstat, by the clock.
   */
  readonly turnMs: number
  /** The same by the clock. */
  readonly lateMs: number
  readonly heapBytes: number
  /** Sockets, timers and the like that keep it alive: how many of each type. */
  readonly resources: Readonly<Record<string, number>>
}

export const probeFolder = 'QUORATE_FUZZ_PROBE'

/** A thread for work that takes long by intention: nobody waits but who asked for it. */
const isHelper = /bcrypt-worker/.test(process.argv[1] ?? '')
const periodMs = 5
const answerMs = 5_000
const folder = process.env[probeFolder]
if (folder !== undefined) watch(folder)

function watch(directory: string): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const channel = new BroadcastChannel('fuzz-probe')
  ;(channel as unknown as { unref(): void }).unref()
  const turns = watchTurns()
  const look = (): ThreadFigures => {
    const worst = turns.take()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    turns.skip()
    return { thread: threadId, ...worst, heapBytes: heapUsed + external, resources: resources() }
  }
  if (isMainThread) serve(directory, channel, look)
  else {
    channel.postMessage({ hello: threadId })
    channel.onmessage = event => {
      const { data } = event as { readonly data: unknown }
      if (data === 'look') channel.postMessage(look())
      if (data === 'who') channel.postMessage({ hello: threadId })
    }
  }
}

/** Answers with the figures of all threads, or of those that answered in time. */
function serve(directory: string, channel: BroadcastChannel, look: () => ThreadFigures): void {
  const threads = new Set<number>()
  let onFigures: (figures: ThreadFigures) => void = () => {}
  channel.onmessage = event => {
    const { data } = event as { readonly data: { hello: number } | ThreadFigures }
    if (typeof data !== 'object') return
    if ('hello' in data) threads.add(data.hello)
    else onFigures(data)
  }
  channel.postMessage('who')
  const server = createServer(socket => {
    socket.on('error', () => {})
    const found = [look()]
    const finish = () => {
      clearTimeout(timer)
      for (const thread of threads) {
        if (!found.some(each => each.thread === thread)) threads.delete(thread)
      }
      socket.end(`${JSON.stringify(found)}\n`)
    }
    // A thread that has ended says nothing; one that hangs neither.
    const timer = setTimeout(finish, answerMs)
    onFigures = figures => {
      found.push(figures)
      if (found.length > threads.size) finish()
    }
    if (threads.size === 0) finish()
    else channel.postMessage('look')
  })
  server.unref()
  server.listen(join(directory, `${process.pid}.sock`))
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

function watchTurns() {
  let worst = { turnMs: 0, lateMs: 0 }
  let lastAt = performance.now()
  let lastCpu = cpuMs()
  setInterval(() => {
    const now = performance.now()
    const cpu = cpuMs() ?? now
    const lateMs = Math.max(0, now - lastAt - periodMs)
    const cpuTurnMs = Math.min(lateMs, lastCpu === undefined ? lateMs : cpu - lastCpu)
    const turnMs = isHelper ? 0 : cpuTurnMs
    worst = { turnMs: Math.max(worst.turnMs, turnMs), lateMs: Math.max(worst.lateMs, lateMs) }
    lastAt = now
    lastCpu = cpu
  }, periodMs).unref()
  return {
    /** The longest so far, which is then forgotten. */
    take() {
      const taken = worst
      worst = { turnMs: 0, lateMs: 0 }
      return taken
    },
    /** What has passed until now was ours. */
    skip() {
      lastAt = performance.now()
      lastCpu = cpuMs()
    },
  }
}

/** CPU time of this thread, milliseconds. Source: Linux sched-stats.rst. */
function cpuMs(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return undefined
  }
}
