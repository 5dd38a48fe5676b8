import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/errors.ts'
import { loadConfig, parseConfig } from '../../../src/config/load.ts'
import { formatConfig } from '../../../src/config/write.ts'
import {
  addressAt,
  contains,
  formatIp,
  parseCidr,
  parseIp,
  subnetAt,
} from '../../../src/kernel/cidr.ts'

const three = { peers: [{ name: 'peer-1' }, { name: 'peer-2' }, { name: 'peer-3' }] }

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('each mistake names file, key, value and what is allowed', () => {
  test.each<[string, object, string]>([
    [
      'a value that is no choice',
      { ...three, runtime: 'docker' },
      'c.json: runtime: "docker" is not allowed; allowed: one of process, cri, simulated',
    ],
    [
      'a choice deep inside',
      { peers: [{ name: 'a', taints: [{ key: 'x', effect: 'Never' }] }] },
      'c.json: peers[0].taints[0].effect: "Never" is not allowed; ' +
        'allowed: one of NoSchedule, PreferNoSchedule, NoExecute',
    ],
    [
      'an unknown key',
      { ...three, proxymode: 'userspace' },
      'c.json: proxymode: unknown key; see docs/ARCHITECTURE.md, Configuration',
    ],
    [
      'an unknown key deep inside',
      { ...three, timings: { heartBeatMs: 1 } },
      'c.json: timings.heartBeatMs: unknown key; see docs/ARCHITECTURE.md, Configuration',
    ],
    [
      'a name that is no DNS label',
      { peers: [{ name: 'Peer_1' }] },
      'c.json: peers[0].name: "Peer_1" is not allowed; ' +
        'allowed: a DNS label: a-z, 0-9 and "-", at most 63',
    ],
    [
      'an address',
      { peers: [{ name: 'a', api: 'localhost' }] },
      'c.json: peers[0].api: "localhost" is not allowed; allowed: host:port',
    ],
    [
      'a port out of range',
      { peers: [{ name: 'a', api: 'localhost:70000' }] },
      'c.json: peers[0].api: "localhost:70000" is not allowed; ' +
        'allowed: host:port with a port from 1 to 65535',
    ],
    [
      'a quantity',
      { peers: [{ name: 'a', capacity: { memory: '8 GB' } }] },
      'c.json: peers[0].capacity.memory: "8 GB" is not allowed; ' +
        'allowed: a quantity such as 4, 500m or 8Gi',
    ],
    [
      'networks',
      { ...three, networks: 'big' },
      'c.json: networks: "big" is not allowed; ' +
        'allowed: "auto" or {nodes, pods, services} with one IPv4 network each',
    ],
    [
      'a name used twice',
      { peers: [{ name: 'a' }, { name: 'a' }] },
      'c.json: peers[1].name: "a" is used twice; each peer needs its own name',
    ],
    [
      'an address used twice',
      { peers: [{ name: 'a', api: 'h:7000' }], loadBalancer: 'h:7000' },
      'c.json: peers[0].api: "h:7000" is already the address of loadBalancer; choose another port',
    ],
    [
      'no master',
      { peers: [{ name: 'a', roles: ['worker'] }] },
      'c.json: peers: at least one needs the role "control-plane"',
    ],
    [
      'elections that never end',
      { ...three, timings: { electionTimeoutMinMs: 600, electionTimeoutMaxMs: 600 } },
      'c.json: timings.electionTimeoutMaxMs: 600 must be above electionTimeoutMinMs (600)',
    ],
    [
      'elections faster than heartbeats',
      { ...three, timings: { heartbeatMs: 200 } },
      'c.json: timings.electionTimeoutMinMs: 300 must be at least 3 heartbeats (600)',
    ],
  ])('%s', (_what, file, message) => {
    expect(messageOf(() => parseConfig('c.json', file))).toBe(message)
  })

  test.each<[string, unknown, RegExp]>([
    ['peers are missing', {}, /^c\.json: peers: missing; allowed: array$/],
    ['not an object', [1], /^c\.json: the file: \[1\] is not allowed; allowed: object$/],
    ['no peers', { peers: [] }, /^c\.json: peers: \[\] is not allowed; allowed: .+/],
    [
      'too low a number',
      { ...three, portBase: 80 },
      /^c\.json: portBase: 80 is not allowed; .*1024/,
    ],
    [
      'text for a number',
      { ...three, portBase: '6440' },
      /^c\.json: portBase: "6440" is not allowed; allowed: number$/,
    ],
  ])('%s', (_what, file, message) => {
    expect(messageOf(() => parseConfig('c.json', file))).toMatch(message)
  })

  test('several mistakes are told at once, a line each', () => {
    const file = { ...three, runtime: 'x', proxyMode: 'y' }
    expect(messageOf(() => parseConfig('c.json', file)).split('\n')).toHaveLength(2)
  })
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-config-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const write = (text: string) => {
    const file = join(folder, 'cluster.config.json')
    writeFileSync(file, text)
    return file
  }

  test('what is not JSON, and what is not there', () => {
    const file = write('{ "peers": [ }')
    expect(messageOf(() => loadConfig(file))).toMatch(/cluster\.config\.json: not JSON: /)
    expect(messageOf(() => loadConfig(`${file}.x`))).toMatch(
      /cluster\.config\.json\.x: can't be read: ENOENT/,
    )
  })

  test('what is written is read back to the same', () => {
    const config = parseConfig('c.json', {
      ...three,
      name: 'demo',
      networks: { nodes: '127.70.0.0/18', pods: '127.70.64.0/18', services: '127.70.128.0/17' },
      images: {
        web: ['node', 'server.js'],
        agnhost: { entrypoint: ['/agnhost'], cmd: ['pause'], env: { A: '1' }, user: '1000:3000' },
      },
      timings: { nodeMonitorGraceMs: 3_000 },
    })
    expect(loadConfig(write(formatConfig(config)))).toEqual(config)
  })

  test('an image is a command line, or what a Dockerfile says of it', () => {
    const imagesOf = (images: object) => parseConfig('c.json', { ...three, images }).images
    expect(imagesOf({ web: ['node', 'x.js'], tool: { cmd: ['sh'] } })).toEqual({
      web: { entrypoint: ['node', 'x.js'], cmd: [], env: {} },
      tool: { entrypoint: [], cmd: ['sh'], env: {} },
    })
    for (const wrong of [[], { entrypoint: 'sh' }, { user: 'root' }, { command: ['sh'] }]) {
      expect(() => imagesOf({ web: wrong })).toThrow('images.web')
    }
  })

  test("the project's own file is the default cluster", () => {
    const config = loadConfig(new URL('../../../cluster.config.json', import.meta.url).pathname)
    expect(config.peers.map(peer => peer.name)).toEqual(['peer-1', 'peer-2', 'peer-3'])
  })
})

describe('the command line changes the file', () => {
  test('more and fewer masters, and workers beside them', () => {
    const names = (overrides: object) =>
      parseConfig('c.json', three, overrides).peers.map(peer => `${peer.name} ${peer.roles}`)
    expect(names({ peers: 1 })).toEqual(['peer-1 control-plane,worker'])
    expect(names({ peers: 4, workers: 1 })).toEqual([
      ...['peer-1', 'peer-2', 'peer-3', 'peer-4'].map(name => `${name} control-plane,worker`),
      'worker-1 worker',
    ])
  })

  test('a port base replaces every address, whatever the file says', () => {
    const file = {
      peers: [{ name: 'a', api: '10.0.0.1:6443', mesh: '10.0.0.1:7000' }, { name: 'b' }],
      loadBalancer: '10.0.0.9:6443',
    }
    const config = parseConfig('c.json', file, { portBase: 9_000 })
    expect(config.loadBalancer).toEqual({ host: '127.0.0.1', port: 9_000 })
    expect(config.supervisor).toEqual({ host: '127.0.0.1', port: 9_257 })
    expect(config.peers[0]?.api).toEqual({ host: '127.0.0.1', port: 9_001 })
    expect(config.peers[1]?.mesh).toEqual({ host: '127.0.0.1', port: 9_066 })
  })

  test('addresses of the file count otherwise, in IPv6 too', () => {
    const config = parseConfig('c.json', { peers: [{ name: 'a', api: '[::1]:6443' }] })
    expect(config.peers[0]?.api).toEqual({ host: '::1', port: 6_443 })
    expect(loadConfigText(formatConfig(config))).toEqual(config)
  })

  const loadConfigText = (text: string) => parseConfig('c.json', JSON.parse(text))
})

describe('networks', () => {
  test('addresses and subnets', () => {
    const cidr = parseCidr('127.70.64.9/18')
    expect(formatIp(cidr.base)).toBe('127.70.64.0')
    expect(addressAt(cidr, 11)).toBe('127.70.64.11')
    expect(subnetAt(cidr, 24, 2)).toBe('127.70.66.0/24')
    expect(formatIp(parseIp('255.255.255.255'))).toBe('255.255.255.255')
    expect(() => addressAt(cidr, 2 ** 14)).toThrow('outside the network')
    expect(() => parseCidr('127.0.0.256/8')).toThrow('bad address')
  })

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/8', '11.0.0.0/16', false],
    ['0.0.0.0/0', '200.0.0.0/8', true],
  ])('%s contains %s: %s', (outer, inner, expected) => {
    expect(contains(parseCidr(outer), parseCidr(inner))).toBe(expected)
  })
})

test('a profile gives the times of the consensus, and each of them can be given', () => {
  const times = (timings: object) => {
    const config = parseConfig('c.json', { peers: [{ name: 'a' }], timings })
    const { heartbeatMs, electionTimeoutMinMs, electionTimeoutMaxMs } = config.timings
    return [heartbeatMs, electionTimeoutMinMs, electionTimeoutMaxMs]
  }
  expect(times({})).toEqual([50, 300, 600])
  expect(times({ profile: 'wan' })).toEqual([250, 1_500, 3_000])
  expect(times({ profile: 'wan', heartbeatMs: 400 })).toEqual([400, 1_500, 3_000])
})
