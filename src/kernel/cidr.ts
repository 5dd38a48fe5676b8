import { assert } from './assert.ts'

/** An IPv4 network: first address as an unsigned integer, and the prefix length. */
export interface Cidr {
  readonly base: number
  readonly bits: number
}

/** Parses `10.244.0.0/16`. @throws AssertionError when malformed: callers validated it before. */
export function parseCidr(text: string): Cidr {
  const [address = '', length = ''] = text.split('/')
  const bits = Number(length)
  assert(bits >= 0 && bits <= 32, `bad network ${text}`)
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
  return { base: (parseIp(address) & mask) >>> 0, bits }
}

/** An IPv4 address as an unsigned integer. */
export function parseIp(text: string): number {
  const parts = text.split('.').map(Number)
  assert(parts.length === 4 && parts.every(part => part >= 0 && part <= 255), `bad address ${text}`)
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** Dotted form of an unsigned integer. */
export function formatIp(ip: number): string {
  return [24, 16, 8, 0].map(shift => (ip >>> shift) & 255).join('.')
}

/** The address at `offset` from the network's first. */
export function addressAt(cidr: Cidr, offset: number): string {
  assert(offset < 2 ** (32 - cidr.bits), 'address outside the network')
  return formatIp(cidr.base + offset)
}

/** The subnet number `index` of `bits` within `cidr`, as text. */
export function subnetAt(cidr: Cidr, bits: number, index: number): string {
  assert(index < 2 ** (bits - cidr.bits), 'subnet outside the network')
  return `${formatIp(cidr.base + index * 2 ** (32 - bits))}/${bits}`
}

/** Whether all of `inner` lies in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (inner.bits < outer.bits) return false
  const span = 2 ** (32 - outer.bits)
  return inner.base >= outer.base && inner.base < outer.base + span
}
