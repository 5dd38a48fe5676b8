import assert from 'node:assert/strict'
import { request } from 'node:https'
import type { Prng } from '../../src/kernel/prng.ts'
import { enter, type House, leave } from './house.ts'
import { encodeRequest, serverError, upgrades } from './http-input.ts'
import { pick } from './mutate.ts'
import { processDoor } from './process-door.ts'

const verbs = [
  'healthz',
  'pods',
  'containerLogs',
  'exec',
  'attach',
  'portForward',
  'run',
  'metrics',
]
const queries = [
  ...[
    '',
    'previous=true',
    'tailLines=1&limitBytes=5',
    'follow=true',
    'sinceSeconds=99999999999999999',
  ],
  ...['sinceTime=2026-13-99', 'tailLines=-1', 'tailLines=99999999999999999999', 'timestamps=true'],
  ...['command=true&output=1&error=1', 'command=cat&input=1&output=1', 'command=', 'output=1'],
  ...['command=sh&input=1&tty=1&output=1', 'ports=80', 'ports=80,x,-1,99999', 'ports=', 'port=1'],
  ...[
    'command=%00&output=1',
    `command=${'x'.repeat(4_000)}&output=1`,
    'command=/nonexistent&error=1',
  ],
]

/** The kubelet's HTTPS port, with a pod behind it whose logs and shell can be asked for. */
export const kubelet = processDoor('kubelet', async () => {
  const house = await enter()
  const { kubeletHost: host, kubeletPort: port, pod } = house
  const callers = house.callers(port, host)
  return {
    processes: [house.peer],
    input: prng => ({ caller: pick(callers, prng), bytes: input(pod, prng) }),
    async ask() {
      assert.equal(await get(house, '/healthz'), 'ok')
      assert.equal(await get(house, `/containerLogs/default/${pod}/c?tailLines=1`), 'hello\n')
    },
    wrongIn: ({ got }) => serverError(got),
    stop: leave,
  }
})

function input(pod: string, prng: Prng): Buffer {
  const verb = pick(verbs, prng)
  const name = prng.chance(0.9)
    ? pod
    : pick(['nobody', '%00', '%zz', '..', 'constructor', ''], prng)
  const container = prng.chance(0.9) ? 'c' : pick(['', 'x', '__proto__', '%ff'], prng)
  const target = `/${verb}/default/${name}/${container}?${pick(queries, prng)}`
  const method = pick(['GET', 'POST'], prng)
  const isStream = verb === 'exec' || verb === 'attach' || verb === 'portForward'
  const headers = isStream && prng.chance(0.9) ? pick(upgrades, prng) : {}
  return encodeRequest({ method, target, headers }, prng)
}

function get({ cluster, kubeletHost: host, kubeletPort: port }: House, path: string) {
  const { cert, key, ca } = cluster.tls
  return new Promise<string>((resolve, reject) => {
    const options = { host, port, path, cert, key, ca, checkServerIdentity: () => undefined }
    request(options, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', piece => {
        text += piece
      })
      answer.on('end', () => resolve(text))
      answer.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}
