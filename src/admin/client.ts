import { Agent, request } from 'node:https'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { systemClock } from '../kernel/clock.ts'
import { collect } from '../kernel/collect.ts'
import type {
  EventsAnswer,
  Fault,
  FaultDone,
  MemberReport,
  PeerReport,
  ProcessReport,
} from './types.ts'

const requestTimeoutMs = 2_000
const answerBytesMax = 4 * 1024 * 1024

/** Certificates of the administrator; PEM texts. */
export interface AdminTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The user of a worker's certificate, which is valid for its node and nothing else. */
export const workerUser = 'quorate:worker'

const servername = 'localhost'
/** Masters and the supervisor prove `localhost`, which is the API's name as well; workers can't. */
const identity = {
  checkServerIdentity: (host: string, certificate: PeerCertificate) =>
    certificate.subject.CN === workerUser ? undefined : checkServerIdentity(host, certificate),
}

/**
 * Speaks the admin protocol to one process. Every call rejects with an Error within the timeout.
 */
export class AdminClient {
  readonly #agent: Agent
  readonly #host: string
  readonly #port: number

  /** `address` is host:port, an IPv6 address in brackets. */
  constructor(address: string, tls: AdminTls) {
    const colon = address.lastIndexOf(':')
    this.#host = address.slice(0, colon).replace(/^\[|\]$/g, '')
    this.#port = Number(address.slice(colon + 1))
    this.#agent = new Agent({ ...tls, keepAlive: true, maxSockets: 4, servername, ...identity })
  }

  status(
    options: { readonly hash?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<PeerReport> {
    const path = options.hash ? '/status?hash=1' : '/status'
    return this.#call('GET', path, undefined, options.timeoutMs) as Promise<PeerReport>
  }

  events(after: number): Promise<EventsAnswer> {
    return this.#call('GET', `/events?after=${after}`) as Promise<EventsAnswer>
  }

  /** `askedAt`: when somebody wanted it, by the wall clock; kept with the event. */
  fault(fault: Fault, askedAt?: number): Promise<FaultDone> {
    return this.#call('POST', '/fault', { ...fault, askedAt }, 15_000) as Promise<FaultDone>
  }

  /** Moves the leadership; resolves when another peer leads. */
  async transfer(to?: string, askedAt?: number): Promise<void> {
    await this.#call('POST', '/transfer', { to, askedAt }, 10_000)
  }

  async members(): Promise<readonly MemberReport[]> {
    const answer = (await this.#call('GET', '/members')) as { members: MemberReport[] }
    return answer.members
  }

  /** Removes for ever. Rejects with etcd's text when the cluster would not survive it. */
  async removeMember(id: string): Promise<void> {
    await this.#call('POST', '/members/remove', { id }, 10_000)
  }

  /** Makes a learner a voter; rejects with etcd's text while it is behind. */
  async promoteMember(id: string): Promise<void> {
    await this.#call('POST', '/members/promote', { id }, 10_000)
  }

  processes(): Promise<readonly ProcessReport[]> {
    return this.#call('GET', '/processes') as Promise<readonly ProcessReport[]>
  }

  close(): void {
    this.#agent.destroy()
  }

  #call(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs: number = requestTimeoutMs,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host: this.#host, port: this.#port, method, path }
      const cancel = systemClock.after(timeoutMs, () => {
        call.destroy(new Error(`no answer from ${this.#host}:${this.#port} in ${timeoutMs} ms`))
      })
      const call = request(options, response => {
        response.on('close', () => cancel())
        collect(response, answerBytesMax).then(answer => {
          settle(response.statusCode ?? 0, answer.toString(), resolve, reject)
        }, reject)
      })
      call.on('error', error => {
        cancel()
        reject(error)
      })
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

function settle(
  status: number,
  text: string,
  resolve: (value: unknown) => void,
  reject: (error: Error) => void,
): void {
  try {
    const value = JSON.parse(text)
    if (status === 200) resolve(value)
    else reject(new Error(value.error ?? `status ${status}`))
  } catch {
    reject(new Error(`status ${status}: ${text.slice(0, 200)}`))
  }
}
