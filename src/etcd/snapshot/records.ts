import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { AuthRole, AuthUser, Permission, PermissionType } from '../../store/auth/types.ts'
import type { AlarmMember, AlarmType, ClusterMember } from '../../store/member-types.ts'

/**
 * What stands in etcd's small buckets. Field numbers are those of etcd's .proto files; what is
 * zero or empty is left out, and unknown fields are passed over. Reading throws on damage.
 */

/** leasepb.Lease: ID = 1, TTL = 2, RemainingTTL = 3. Source: etcd server/lease/leasepb. */
export function encodeLease(lease: { readonly id: number; readonly ttlSeconds: number }): Buffer {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.Varint).int64(lease.id)
  writer.tag(2, WireType.Varint).int64(lease.ttlSeconds)
  return Buffer.from(writer.finish())
}

export function decodeLease(value: Uint8Array): {
  readonly id: bigint
  readonly ttlSeconds: number
} {
  let id = 0n
  let ttlSeconds = 0
  eachField(value, {
    1: reader => {
      id = BigInt(reader.int64())
    },
    2: reader => {
      ttlSeconds = Number(reader.int64())
    },
  })
  return { id, ttlSeconds }
}

/** authpb.User: name = 1, password = 2, roles = 3, options = 4 {no_password = 1}. Roles sorted. */
export function encodeUser(user: AuthUser): Buffer {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(user.name)
  if (user.passwordHash !== '') writer.tag(2, WireType.LengthDelimited).string(user.passwordHash)
  for (const role of user.roles.toSorted(byBytes)) {
    writer.tag(3, WireType.LengthDelimited).string(role)
  }
  if (user.noPassword) {
    writer.tag(4, WireType.LengthDelimited).fork().tag(1, WireType.Varint).bool(true).join()
  }
  return Buffer.from(writer.finish())
}

export function decodeUser(value: Uint8Array): AuthUser {
  const user = { name: '', passwordHash: '', noPassword: false, roles: [] as string[] }
  eachField(value, {
    1: reader => {
      user.name = reader.string()
    },
    2: reader => {
      user.passwordHash = reader.string()
    },
    3: reader => user.roles.push(reader.string()),
    4: reader =>
      eachField(reader.bytes(), {
        1: options => {
          user.noPassword = options.bool()
        },
      }),
  })
  return user
}

/** authpb.Role: name = 1, keyPermission = 2. etcd looks permissions up by key: sorted. */
export function encodeRole(role: AuthRole): Buffer {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(role.name)
  const sorted = role.permissions.toSorted((left, right) => (left.key < right.key ? -1 : 1))
  for (const permission of sorted) {
    writer.tag(2, WireType.LengthDelimited).fork()
    writePermission(writer, permission)
    writer.join()
  }
  return Buffer.from(writer.finish())
}

export function decodeRole(value: Uint8Array): AuthRole {
  let name = ''
  const permissions: Permission[] = []
  eachField(value, {
    1: reader => {
      name = reader.string()
    },
    2: reader => permissions.push(readPermission(reader.bytes())),
  })
  return { name, permissions }
}

/** authpb.Permission.Type, by number. */
const permissionTypes: readonly PermissionType[] = ['READ', 'WRITE', 'READWRITE']

/** permType = 1, key = 2, range_end = 3. */
function writePermission(writer: BinaryWriter, { type, key, rangeEnd }: Permission): void {
  const number = permissionTypes.indexOf(type)
  if (number > 0) writer.tag(1, WireType.Varint).int32(number)
  writer.tag(2, WireType.LengthDelimited).bytes(Buffer.from(key, 'latin1'))
  if (!rangeEnd) return
  writer.tag(3, WireType.LengthDelimited).bytes(Buffer.from(rangeEnd, 'latin1'))
}

function readPermission(value: Uint8Array): Permission {
  let number = 0
  let key = ''
  let rangeEnd = ''
  eachField(value, {
    1: reader => {
      number = reader.int32()
    },
    2: reader => {
      key = Buffer.from(reader.bytes()).toString('latin1')
    },
    3: reader => {
      rangeEnd = Buffer.from(reader.bytes()).toString('latin1')
    },
  })
  const type = permissionTypes[number]
  if (type === undefined) throw new Error(`a permission of type ${number}`)
  return rangeEnd === '' ? { type, key } : { type, key, rangeEnd }
}

/** etcdserverpb.AlarmType, by number. */
const alarmTypes: readonly (AlarmType | undefined)[] = [undefined, 'NOSPACE', 'CORRUPT']

/** etcdserverpb.AlarmMember: memberID = 1, alarm = 2. It is the key; the value is empty. */
export function encodeAlarm({ memberId, alarm }: AlarmMember): Buffer {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.Varint).uint64(BigInt(`0x${memberId}`))
  writer.tag(2, WireType.Varint).int32(alarmTypes.indexOf(alarm))
  return Buffer.from(writer.finish())
}

export function decodeAlarm(key: Uint8Array): AlarmMember {
  let id = 0n
  let number = 0
  eachField(key, {
    1: reader => {
      id = BigInt(reader.uint64())
    },
    2: reader => {
      number = reader.int32()
    },
  })
  const alarm = alarmTypes[number]
  if (alarm === undefined) throw new Error(`an alarm of type ${number}`)
  return { memberId: hexId(id), alarm }
}

/** The key of a member: hex, without leading zeros. Source: etcd client/pkg/types/id.go. */
export function memberKey(id: string): Buffer {
  return Buffer.from(BigInt(`0x${id}`).toString(16))
}

export function memberIdOf(key: Buffer): string {
  const text = key.toString('latin1')
  if (!/^[0-9a-f]{1,16}$/.test(text)) throw new Error(`'${text}' is no member's ID`)
  return hexId(BigInt(`0x${text}`))
}

/**
 * JSON of membership.Member. The ID is a number beyond what JSON.stringify can say. `peerId`, the
 * libp2p peer, is ours: etcd passes over it. Source: etcd server/etcdserver/api/membership.
 */
export function encodeMember(member: ClusterMember): Buffer {
  const { name, peerId, peerUrls, clientUrls, isLearner } = member
  const rest = {
    peerURLs: peerUrls,
    ...(isLearner && { isLearner }),
    ...(name !== '' && { name }),
    ...(clientUrls.length > 0 && { clientURLs: clientUrls }),
    ...(peerId !== '' && { peerId }),
  }
  const id = BigInt(`0x${member.id}`)
  return Buffer.from(`{"id":${id},${JSON.stringify(rest).slice(1)}`)
}

export function decodeMember(key: Buffer, value: Buffer): ClusterMember {
  const found = JSON.parse(value.toString('utf8')) as Record<string, unknown>
  return {
    id: memberIdOf(key),
    name: typeof found.name === 'string' ? found.name : '',
    peerId: typeof found.peerId === 'string' ? found.peerId : '',
    peerUrls: strings(found.peerURLs),
    clientUrls: strings(found.clientURLs),
    isLearner: found.isLearner === true,
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

function hexId(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}

/** Go sorts strings by their bytes. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

type FieldReaders = Readonly<Record<number, (reader: BinaryReader) => unknown>>

function eachField(bytes: Uint8Array, readers: FieldReaders): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    const read = readers[field]
    if (read === undefined) reader.skip(wire)
    else read(reader)
  }
}
