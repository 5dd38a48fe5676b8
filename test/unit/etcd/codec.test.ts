import { expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import * as auth from '../../../src/store/etcd/rpc/auth.ts'
import * as cluster from '../../../src/store/etcd/rpc/cluster.ts'
import * as kv from '../../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../../src/store/etcd/rpc/lease.ts'
import * as maintenance from '../../../src/store/etcd/rpc/maintenance.ts'
import type { MessageType } from '../../../src/store/etcd/rpc/message.ts'
import { MalformedMessage } from '../../../src/store/etcd/rpc/reader.ts'
import * as watch from '../../../src/store/etcd/rpc/watch.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const text = (value: string) => new Uint8Array(Buffer.from(value))
// biome-ignore lint/suspicious/noExplicitAny: a table of every kind of message
type Any = MessageType<any>

/** What the real etcdctl 3.4.23 sends. */
const requests: readonly [string, Any, string, object][] = [
  [
    'put foo bar --lease=694d77aa9e3ab1c --prev-kv',
    kv.putRequest,
    '0a03666f6f1203626172189cd68ecfaaefb5ca062001',
    { key: 'foo', value: Buffer.from('bar'), lease: 0x694d77aa9e3ab1cn, prevKv: true },
  ],
  [
    'put foo --ignore-value --ignore-lease',
    kv.putRequest,
    '0a03666f6f28013001',
    { key: 'foo', ignoreValue: true, ignoreLease: true, lease: 0 },
  ],
  [
    'get a b --limit 3 --rev 300 --sort-by MODIFY --order DESCEND --consistency s --keys-only',
    kv.rangeRequest,
    '0a0161120162180320ac022802300338014001',
    { key: 'a', rangeEnd: 'b', limit: 3, revision: 300, sortOrder: 2, sortTarget: 3 },
  ],
  [
    'del foo --prefix --prev-kv',
    kv.deleteRangeRequest,
    '0a03666f6f1203666f701801',
    { key: 'foo', rangeEnd: 'fop', prevKv: true },
  ],
  ['compact 70000 --physical', kv.compactionRequest, '08f0a2041001', { revision: 70_000 }],
  ['lease grant 600', lease.leaseGrantRequest, '08d804', { ttl: 600, id: 0 }],
  [
    'lease timetolive 694d77aa9e3ab1c --keys',
    lease.leaseTimeToLiveRequest,
    '089cd68ecfaaefb5ca061001',
    { id: 0x694d77aa9e3ab1cn, keys: true },
  ],
  [
    'role grant-permission r readwrite k --prefix',
    auth.roleGrantPermissionRequest,
    '0a01721208080212016b1a016c',
    { name: 'r', perm: { permType: 2, key: 'k', rangeEnd: 'l' } },
  ],
  [
    'member add x --peer-urls=http://127.0.0.1:1 --learner',
    cluster.memberAddRequest,
    '0a12687474703a2f2f3132372e302e302e313a311001',
    { peerUrls: ['http://127.0.0.1:1'], isLearner: true },
  ],
]

test.each(requests)('etcdctl %s', (_call, type, bytes, expected) => {
  expect(type.decode(hex(bytes))).toMatchObject(expected)
  expect(type.encode(type.decode(hex(bytes))).toString('hex')).toBe(bytes)
})

test('etcdctl txn, with members of a oneof that are zero', () => {
  const bytes =
    '0a0c080110021a046b65793130000a0810031a016b3a01760a0808021a017a20ac02120e120c0a046b657931' +
    '12046f76657212050a030a01611a051a030a0162'
  expect(kv.txnRequest.decode(hex(bytes))).toMatchObject({
    compare: [
      { result: 1, target: 2, key: 'key1', modRevision: 0 },
      { result: 0, target: 3, key: 'k', value: Buffer.from('v') },
      { result: 2, target: 0, key: 'z', version: 300 },
    ],
    success: [
      { requestPut: { key: 'key1', value: Buffer.from('over') } },
      { requestRange: { key: 'a' } },
    ],
    failure: [{ requestDeleteRange: { key: 'b' } }],
  })
})

const header = '0a1908e3d5f191c684efbb2f10bfb7a093f7c5d0a3e4011804'
/** What a real etcd 3.4.23 answers; what we decode of it we encode to the same bytes. */
const responses: readonly [string, Any, string][] = [
  ['put', kv.putResponse, `${header}2002121a0a03666f6f1002180220012a036261723085cec89fc3c1e8df1b`],
  [
    'range',
    kv.rangeResponse,
    `${header}2002121a0a03666f6f1002180320022a0362617a3085cec89fc3c1e8df1b2001`,
  ],
  [
    'txn, nested',
    kv.txnResponse,
    `${header}200210011a240a220a021803121a0a03666f6f1002180320022a0362617a3085cec89fc3c1e8df1b` +
      '20011a0612040a0218041a061a040a0218041a1b22190a0010011a130a110a02180412090a016e100418042001' +
      '2001',
  ],
  ['watch created', watch.watchResponse, `${header}20021801`],
  [
    'watch events',
    watch.watchResponse,
    `${header}20025a1c121a0a03666f6f1002180220012a036261723085cec89fc3c1e8df1b5a38121a0a03666f6f` +
      '1002180320022a0362617a3085cec89fc3c1e8df1b1a1a0a03666f6f1002180220012a036261723085cec89f' +
      'c3c1e8df1b5a0b12090a016e100418042001',
  ],
  [
    'time to live',
    lease.leaseTimeToLiveResponse,
    `${header}20021085cec89fc3c1e8df1b18d70420d8042a03666f6f`,
  ],
  ['of a lost lease', lease.leaseTimeToLiveResponse, `${header}2002100518ffffffffffffffffff01`],
  [
    'status',
    maintenance.statusResponse,
    `${header}20021206332e342e32331880a00120acdebcd98d88e8d0ba01280c3002380c48808001`,
  ],
  [
    'members',
    cluster.membersResponse,
    '0a1708e3d5f191c684efbb2f10bfb7a093f7c5d0a3e4012002124508acdebcd98d88e8d0ba01120670656572' +
      '2d321a1768747470733a2f2f3132372e302e302e313a3434353337221768747470733a2f2f3132372e302e30' +
      '2e313a3431383333',
  ],
]

test.each(responses)('a response of etcd: %s', (_name, type, bytes) => {
  expect(type.encode(type.decode(hex(bytes))).toString('hex')).toBe(bytes)
})

test('lease -1 and the largest IDs survive', () => {
  const ids = [-1, 1, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), -(2 ** 53 - 1)]
  for (const id of ids) {
    expect(lease.leaseGrantRequest.decode(lease.leaseGrantRequest.encode({ id })).id).toBe(id)
  }
  for (const id of [0n, 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(cluster.member.decode(cluster.member.encode({ id })).id).toBe(id)
  }
})

test('integers of every size survive', () => {
  for (let bits = 0; bits < 53; bits++) {
    for (const revision of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
      const bytes = kv.compactionRequest.encode({ revision })
      expect(kv.compactionRequest.decode(bytes).revision).toBe(revision)
    }
  }
})

test('keys are bytes, names are text', () => {
  const key = String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at))
  expect(kv.putRequest.decode(kv.putRequest.encode({ key })).key).toBe(key)
  const name = 'ünïcode 名'
  expect(auth.userRequest.decode(auth.userRequest.encode({ name })).name).toBe(name)
})

test('numbers in a list come packed or not', () => {
  const packed = watch.watchCreateRequest.encode({ filters: [0, 1] })
  expect(packed.toString('hex')).toBe('2a020001')
  expect(watch.watchCreateRequest.decode(packed).filters).toEqual([0, 1])
  expect(watch.watchCreateRequest.decode(hex('28002801')).filters).toEqual([0, 1])
})

test('unknown fields and wire types are skipped', () => {
  const unknown = ['9806ffffffff0f', '99060102030405060708', '9a0603010203', '9d0601020304']
  const known = kv.putRequest.encode({ key: 'k', value: text('v') }).toString('hex')
  for (const field of unknown) {
    expect(kv.putRequest.decode(hex(field + known + field))).toMatchObject({ key: 'k' })
  }
  // The key as a number, which is another field than the one we know.
  expect(kv.putRequest.decode(hex(`0805${known}`)).key).toBe('k')
})

test.each([
  ['a varint without end', 'ffffffffffffffffffffff'],
  ['a length beyond the end', '0a05616263'],
  ['an end within a tag', '80'],
  ['field number 0', '00'],
  ['a group', '0b'],
  ['a fixed64 without its bytes', '990601'],
])('%s is malformed', (_name, bytes) => {
  expect(() => kv.putRequest.decode(hex(bytes))).toThrow(MalformedMessage)
})

test('messages that are nested too deep are malformed', () => {
  let bytes = Buffer.alloc(0)
  for (let depth = 0; depth < 60; depth++) {
    const op = Buffer.concat([hex('22'), lengthOf(bytes), bytes])
    bytes = Buffer.concat([hex('12'), lengthOf(op), op])
  }
  expect(() => kv.txnRequest.decode(bytes)).toThrow('nested too deep')
})

function lengthOf(bytes: Buffer): Buffer {
  return bytes.length < 128
    ? Buffer.of(bytes.length)
    : Buffer.of((bytes.length & 0x7f) | 0x80, bytes.length >> 7)
}

test('large values are parts of their own, in the right places', () => {
  const prng = createPrng(5)
  for (let round = 0; round < 200; round++) {
    const kvs = Array.from({ length: prng.below(6) }, (_, at) => ({
      key: `key-${at}`,
      value: Buffer.alloc(prng.below(2) * prng.below(9_000), at + 1),
      lease: at,
    }))
    const response = { header: { revision: round }, kvs, count: kvs.length }
    const parts = kv.rangeResponse.encodeParts(response)
    const large = kvs.filter(({ value }) => value.length >= 2_048)
    expect(parts.length).toBe(2 * large.length + 1)
    for (const { value } of large) expect(parts.some(it => it.equals(value))).toBe(true)
    const decoded = kv.rangeResponse.decode(Buffer.concat(parts))
    expect(decoded.kvs.map(it => [it.key, it.value?.length, it.lease])).toEqual(
      kvs.map(it => [it.key, it.value.length, it.lease]),
    )
    expect(Buffer.concat(parts)).toEqual(kv.rangeResponse.encode(decoded))
  }
})

test('random bytes are a message or malformed, never anything else', () => {
  const prng = createPrng(3)
  const types: Any[] = [kv.txnRequest, watch.watchRequest, kv.rangeResponse, cluster.member]
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(Array.from({ length: prng.below(30) }, () => prng.below(256)))
    for (const type of types) {
      try {
        type.decode(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage)
      }
    }
  }
})
