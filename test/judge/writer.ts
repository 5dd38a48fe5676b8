import { appendFileSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'

/**
 * The independent witness: a process with nothing of `src` in it, that writes as users do, through
 * the load balancer, and notes when each write was sent and acknowledged.
 *
 *     writer SERVER DATA NAMESPACE FILE
 *
 * It replaces ConfigMaps `witness-0` ... that exist. Lines of FILE, wall clock, milliseconds:
 * `ack SENT ACKNOWLEDGED` and `stall SINCE UNTIL`, when this process itself stood still.
 */
const writers = 8
const periodMs = 80
const retryMs = 10
const answerTimeoutMs = 10_000
const beatMs = 10
const stallMs = 30
const flushMs = 50

const [server = '', data = '', namespace = '', file = ''] = process.argv.slice(2)
const pki = (name: string) => readFileSync(join(data, 'pki', name))
const tls = { ca: pki('ca.crt'), cert: pki('admin.crt'), key: pki('admin.key') }

let lines = ''
let isEnding = false

/** One attempt; true when it was acknowledged. */
function put(agent: Agent, name: string, value: string): Promise<boolean> {
  const body = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { value },
  })
  const url = `${server}/api/v1/namespaces/${namespace}/configmaps/${name}`
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise(resolve => {
    const call = request(
      url,
      { method: 'PUT', agent, headers, timeout: answerTimeoutMs },
      answer => {
        answer.on('error', () => resolve(false))
        answer.on('close', () => resolve(false))
        answer.on('end', () => resolve(answer.statusCode === 200))
        answer.resume()
      },
    )
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(false))
    call.end(body)
  })
}

async function write(number: number): Promise<void> {
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 1 })
  let due = Date.now() + (number * periodMs) / writers
  for (let value = 0; !isEnding; value++) {
    await pause(due - Date.now())
    due = Math.max(due, Date.now() - periodMs) + periodMs
    for (;;) {
      const sentAt = Date.now()
      if (await put(agent, `witness-${number}`, String(value))) {
        lines += `ack ${sentAt} ${Date.now()}\n`
        break
      }
      if (isEnding) break
      await pause(retryMs)
    }
  }
  agent.destroy()
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))
}

function flush(): void {
  if (lines !== '') appendFileSync(file, lines)
  lines = ''
}

let lastBeat = Date.now()
setInterval(() => {
  const now = Date.now()
  if (now - lastBeat > beatMs + stallMs) lines += `stall ${lastBeat} ${now}\n`
  lastBeat = now
}, beatMs)
setInterval(flush, flushMs)
process.on('SIGTERM', () => {
  isEnding = true
})
await Promise.all(Array.from({ length: writers }, (_, number) => write(number)))
flush()
process.exit()
