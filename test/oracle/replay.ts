import { webcrypto } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { sleep } from '../../src/kernel/clock.ts'
import { normalise } from './normalise.ts'
import type { Answer, AnsweredStep, Step } from './recording.ts'

x509.cryptoProvider.set(webcrypto)

/** Where the steps are played, and a client certificate of `system:masters`; PEM texts. */
export interface Target {
  readonly server: string
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** Longest wait for one answer, a watch's included. */
const answerMsMax = 30_000

/** The whole recording takes about 90 s; a server that hangs at each step must not take hours. */
const replayMsMax = 15 * 60_000

/** Characters that are kept of a body that is no JSON. */
const textCharsMax = 2_000

/** What later steps need of earlier answers: of the last one that had it. */
interface Last {
  rv: string
  cont: string
  uid: string
  token: string
}

/**
 * Plays the steps one after the other, as they were recorded, and tells the answers in the
 * recording's form. Use a cluster with nothing else in it.
 * @throws Error when it takes too long.
 */
export async function replay(steps: readonly Step[], target: Target): Promise<AnsweredStep[]> {
  const player = new Player(target, await signingRequest())
  const deadline = performance.now() + replayMsMax
  const answered: AnsweredStep[] = []
  try {
    for (const step of steps) {
      if (performance.now() > deadline) {
        throw new Error(`only ${answered.length} of ${steps.length} steps in ${replayMsMax} ms`)
      }
      answered.push({ ...step, answer: await player.play(step) })
    }
  } finally {
    player.close()
  }
  return answered
}

interface Received {
  readonly code: number
  readonly ct?: string
  readonly warnings: readonly string[]
  readonly text: string
}

class Player {
  readonly #server: URL
  readonly #admin: Agent
  /** Without a certificate: for steps that say who they are by a token. */
  readonly #anonymous: Agent
  readonly #csr: string
  readonly #begun = new Set<string>()
  #last: Last = { rv: '1', cont: 'x', uid: 'x', token: 'x' }

  constructor({ server, tls }: Target, csr: string) {
    const { ca, cert, key } = tls
    const common = { ca, keepAlive: true, checkServerIdentity: () => undefined }
    this.#server = new URL(server)
    this.#admin = new Agent({ ...common, maxSockets: 1, cert, key })
    this.#anonymous = new Agent(common)
    this.#csr = csr
  }

  close(): void {
    this.#admin.destroy()
    this.#anonymous.destroy()
  }

  async play(step: Step): Promise<Answer> {
    const namespace = namespaceOf(step.scenario)
    await this.#begin(step.scenario, namespace)
    const received = await this.#answerTo(step)
    const body = bodyOf(step, received)
    this.#remember(body)
    return {
      code: received.code,
      ct: received.ct,
      warnings: received.warnings.length > 0 ? received.warnings : undefined,
      body: normalise(body, { namespace, server: this.#server }),
    }
  }

  /** Each scenario has a namespace with the service account that a controller would make. */
  async #begin(scenario: string, namespace: string): Promise<void> {
    if (this.#begun.has(namespace)) return
    this.#begun.add(namespace)
    const create = (path: string, kind: string, name: string) => {
      const body = { apiVersion: 'v1', kind, metadata: { name } }
      const type = 'application/json'
      return this.#send({ scenario, id: `make ${kind}`, method: 'POST', path, type, body })
    }
    await create('/api/v1/namespaces', 'Namespace', namespace)
    await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, 'ServiceAccount', 'default')
  }

  async #answerTo(step: Step): Promise<Received> {
    const none = { code: 0, warnings: [] }
    if (step.method === 'WAIT') {
      await sleep(Number(step.path))
      return { ...none, text: '' }
    }
    return this.#send(step).catch((error: Error) => ({ ...none, text: error.message }))
  }

  async #send(step: Step): Promise<Received> {
    const fill = (text: string) => this.#fill(text, namespaceOf(step.scenario))
    const text = step.raw ? String(step.body) : JSON.stringify(step.body)
    const body = step.body === undefined ? undefined : Buffer.from(fill(text))
    const headers: Record<string, string | number> = { accept: step.accept ?? 'application/json' }
    if (body) headers['content-length'] = body.length
    if (body && step.type) headers['content-type'] = step.type
    for (const [name, value] of Object.entries(step.as ?? {})) headers[name] = fill(value)
    const { hostname: host, port } = this.#server
    const agent = step.as?.authorization ? this.#anonymous : this.#admin
    const path = fill(step.path)
    return exchange({ host, port, agent, method: step.method, path, headers }, body)
  }

  #fill(text: string, namespace: string): string {
    const { rv, cont, uid, token } = this.#last
    const values = { NS: namespace, CSR: this.#csr, RV: rv, CONT: cont, UID: uid, TOKEN: token }
    return Object.entries(values).reduce(
      (filled, [name, value]) => filled.replaceAll(`$${name}`, () => value),
      text,
    )
  }

  #remember(body: unknown): void {
    const { metadata, status } = (body ?? {}) as {
      readonly metadata?: { resourceVersion?: string; continue?: string; uid?: string }
      readonly status?: { token?: string }
    }
    this.#last = {
      rv: metadata?.resourceVersion || this.#last.rv,
      cont: metadata?.continue || this.#last.cont,
      uid: metadata?.uid || this.#last.uid,
      token: status?.token || this.#last.token,
    }
  }
}

export function namespaceOf(scenario: string): string {
  return `o-${scenario.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
}

function exchange(options: RequestOptions, body: Buffer | undefined): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, timeout: answerMsMax }, (answer: IncomingMessage) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const { 'content-type': ct, warning } = answer.headers
        const warnings = warning === undefined ? [] : [warning]
        const text = Buffer.concat(parts).toString()
        resolve({ code: answer.statusCode ?? 0, ct, warnings, text })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('timeout')))
    sent.on('error', reject)
    sent.end(body)
  })
}

function bodyOf(step: Step, { ct, text }: Received): unknown {
  if (/protobuf|cbor/.test(ct ?? '')) return 'BINARY'
  try {
    if (!step.lines) return JSON.parse(text)
    return text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  } catch {
    return text.slice(0, textCharsMax)
  }
}

/** `$CSR`: a signing request of O=devs, CN=jane, as a CertificateSigningRequest carries it. */
async function signingRequest(): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    ...{ name: 'O=devs, CN=jane', keys, signingAlgorithm: algorithm },
  })
  return Buffer.from(`${made.toString('pem')}\n`).toString('base64')
}
