import { existsSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { dataLayout } from '../config/layout.ts'
import { formatConfig } from '../config/write.ts'
import { collect } from '../kernel/collect.ts'
import { errorMessage } from '../kernel/result.ts'
import { ensureIdentity } from '../p2p/identity.ts'
import { createSigningRequest } from '../pki/authority.ts'
import { writeKeyPair, writeSecret } from '../pki/files.ts'
import { caHashOf, parseJoinToken } from '../pki/token.ts'
import { keepAdministrator, readMembers, writeMembers } from '../supervisor/prepare.ts'
import type { JoinOptions } from '../supervisor/types.ts'
import { caPath, type JoinAnswer, type JoinRequest, joinPath, signedOf } from './join-protocol.ts'

const answerBytesMax = 1 << 20
const timeoutMs = 15_000

/**
 * Joins a running cluster: makes this peer's keys, has them certified, and writes everything that
 * the peer needs to start into the data folder. The keys never leave the machine.
 * @throws Error for people: what was refused and by whom.
 */
export async function joinCluster(options: JoinOptions): Promise<JoinAnswer> {
  const { data, name, roles } = options
  const layout = dataLayout(data)
  if (hasJoined(data, name)) {
    const start = `quorate peer --name ${name} --data ${data}`
    throw new Error(`${data}: ${name} has joined already; start it with: ${start}`)
  }
  const token = parseJoinToken(options.token)
  const server = await firstThatAnswers(options.servers, token.caHash)
  const identity = await ensureIdentity(layout.peer(name).meshKey)
  const keys: Record<string, string> = {}
  const requests: Record<string, string> = {}
  for (const each of ['apiserver', 'kubelet', 'etcd']) {
    const { csr, key } = await createSigningRequest()
    requests[each] = csr
    keys[each] = key
  }
  const unsigned = {
    token: `${token.id}.${token.secret}`,
    ...{ name, roles: [...roles], peerId: identity.peerId, requests },
    addresses: options.addresses,
    labels: options.labels,
  }
  const proof = await identity.privateKey.sign(signedOf(unsigned))
  const body: JoinRequest = { ...unsigned, proof: Buffer.from(proof).toString('base64') }
  const answer = await ask<JoinAnswer>(new URL(joinPath, server.url), server.ca, body)
  await keep(data, server.ca, answer, keys)
  return answer
}

/** Whether the data folder has a peer of this name already. */
export function hasJoined(data: string, name: string): boolean {
  const layout = dataLayout(data)
  if (!existsSync(layout.members)) return false
  return readMembers(layout).some(member => member.name === name)
}

/** The first server whose CA is the token's. */
async function firstThatAnswers(
  servers: readonly string[],
  caHash: string,
): Promise<{ readonly url: string; readonly ca: string }> {
  const problems: string[] = []
  for (const url of servers) {
    try {
      const ca = await ask<string>(new URL(caPath, url), undefined)
      if (caHashOf(ca) === caHash) return { url, ca }
      problems.push(`${url}: its CA is not the one of the token: another cluster, or an impostor`)
    } catch (error) {
      problems.push(`${url}: ${errorMessage(error)}`)
    }
  }
  throw new Error(`no server lets this peer join: ${problems.join('; ')}`)
}

async function keep(
  data: string,
  ca: string,
  answer: JoinAnswer,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  const layout = dataLayout(data)
  const { id, peer, config, members, certificates, caKey } = answer
  for (const [name, cert] of Object.entries(certificates)) {
    writeKeyPair(layout.peer(peer.name).pki, name, { cert, key: keys[name] ?? '' })
  }
  if (caKey !== undefined) {
    // A master signs, and its administrator works from its machine too.
    const pair = { cert: ca, key: caKey }
    writeKeyPair(layout.pki, 'ca', pair)
    await keepAdministrator(layout, config, pair)
  } else writeSecret(`${layout.pki}/ca.crt`, ca)
  const records = members.map(member => (member.id === id ? { ...member, joined: true } : member))
  writeMembers(layout, records)
  writeSecret(layout.config, formatConfig(config))
}

/** Without `ca` whoever answers is believed; only for what is checked otherwise. */
function ask<T>(url: URL, ca: string | undefined, body?: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      // The servers' certificates name the cluster's Service, whatever address was dialled.
      servername: 'kubernetes',
      ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
    }
    const outgoing = httpsRequest(url, options, response => {
      collect(response, answerBytesMax).then(body => {
        const text = body.toString()
        if (response.statusCode === 200) {
          resolve((ca === undefined ? text : JSON.parse(text)) as T)
        } else reject(new Error(messageOf(text) ?? `status ${response.statusCode}`))
      }, reject)
    })
    outgoing.once('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message
  } catch {
    return undefined
  }
}
