import { parentPort, workerData } from 'node:worker_threads'
import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import { must } from '../kernel/assert.ts'
import { sleep, systemClock } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import type { FromProbe, ProbeState, ProbeThreadOptions, ToProbe } from './messages.ts'
import { Outages } from './outages.ts'
import { Probe } from './probe.ts'

/**
 * The thread of a probe: nothing that a terminal or a screen does holds up its writers, and what
 * holds it up itself is noticed. It tells its state ten times a second, but never again before the
 * last one was seen.
 */
const publishMs = 100
const retryMs = 1_000
const beatMs = 10

const port = must(parentPort, 'a parent thread')
const options = workerData as ProbeThreadOptions
const transports = Array.from({ length: options.writers }, () =>
  httpsTransport({ servers: [options.server], ...options.tls }),
)
const outages = new Outages()
const probe = new Probe({
  clients: transports.map(each => createClient(each, { userAgent: options.userAgent })),
  ...{ clock: systemClock, namespace: options.namespace, id: options.id },
  periodMs: options.periodMs,
  onAcknowledged: ack => outages.acknowledged(ack),
})
const stop = new AbortController()
let state: ProbeState['state'] = 'starting'
let error: string | undefined
let isSeen = true

const tell = (message: FromProbe) => port.postMessage(message)

const publish = systemClock.every(publishMs, () => {
  if (!isSeen) return
  isSeen = false
  tell({
    type: 'state',
    state,
    ...(error !== undefined && { error }),
    report: probe.report,
    outages: outages.at(systemClock.wall()),
  })
})

let lastBeat = systemClock.now()
const beat = systemClock.every(beatMs, () => {
  const now = systemClock.now()
  const ms = now - lastBeat - beatMs
  lastBeat = now
  if (ms > beatMs) outages.stalled({ at: systemClock.wall(), ms })
})

port.on('message', (message: ToProbe) => {
  switch (message.type) {
    case 'event':
      return outages.event(message.id, message.t0)
    case 'seen':
      isSeen = true
      return
    case 'judge':
      return void judge(message.call)
    case 'prune':
      return void probe.prune()
    case 'stop':
      return void end(message.remove)
  }
})

async function begin(): Promise<void> {
  while (!stop.signal.aborted) {
    try {
      await probe.start()
      state = 'running'
      error = undefined
      return
    } catch (reason) {
      state = 'failed'
      error = errorMessage(reason)
      await sleep(retryMs, stop.signal).catch(() => {})
    }
  }
}

async function judge(call: number): Promise<void> {
  try {
    tell({ type: 'verdict', call, verdict: await probe.judge() })
  } catch (reason) {
    tell({ type: 'verdict', call, error: errorMessage(reason) })
  }
}

async function end(remove: boolean): Promise<void> {
  stop.abort()
  publish()
  await probe.stop()
  if (remove) await probe.remove().catch(() => {})
  beat()
  for (const transport of transports) transport.close()
  tell({ type: 'stopped' })
  port.close()
}

void begin()
