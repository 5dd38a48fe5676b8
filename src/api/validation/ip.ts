import type { Causes } from './causes.ts'
import { ipText } from './names.ts'

/**
 * Addresses and their ranges, as forgiving as Go was when the old fields got their rules.
 * Source: apimachinery pkg/util/validation/ip.go, k8s.io/utils/net ParseIPSloppy.
 */

/** An address; 4 or 16 bytes. */
export type Ip = readonly number[]

export interface Cidr {
  readonly ip: Ip
  /** The first address of the range. */
  readonly network: Ip
  readonly bits: number
}

export const cidrText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** Leading zeros are decimal; an IPv4 address in an IPv6 one stays one of 16 bytes. */
export function parseIp(text: string): Ip | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): Ip | undefined {
  const parts = text.split('.')
  const isRight = parts.length === 4 && parts.every(part => /^\d+$/.test(part) && +part < 256)
  return isRight ? parts.map(Number) : undefined
}

function parseIpv6(text: string): Ip | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => bytesOf(half, index === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  const missing = 16 - head.length - tail!.length
  return missing < 2 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail!]
}

function bytesOf(half: string, isLast: boolean): number[] | undefined {
  if (half === '') return []
  const groups = half.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    if (isLast && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group)
      if (ipv4 === undefined) return undefined
      bytes.push(...ipv4)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
    } else return undefined
  }
  return bytes.length <= 16 ? bytes : undefined
}

/** An IPv4 address written as an IPv6 one. */
export function isMapped(ip: Ip): boolean {
  return (
    ip.length === 16 && ip.slice(0, 10).every(one => one === 0) && ip[10] === 255 && ip[11] === 255
  )
}

/** As Go's net.IP writes it: RFC 5952, and a mapped address as the IPv4 one that it is. */
export function formatIp(ip: Ip): string {
  if (ip.length === 4) return ip.join('.')
  if (isMapped(ip)) return ip.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => (ip[2 * at]! << 8) | ip[2 * at + 1]!)
  let [start, length] = [-1, 1]
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > length) [start, length] = [at, end - at]
  }
  const hex = (part: readonly number[]) => part.map(one => one.toString(16)).join(':')
  if (start < 0) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const ip = parseIp(text.slice(0, Math.max(slash, 0)))
  const length = text.slice(slash + 1)
  if (slash < 0 || ip === undefined || !/^\d+$/.test(length)) return undefined
  const bits = Number(length)
  if (bits > ip.length * 8) return undefined
  return { ip, network: masked(ip, bits), bits }
}

function masked(ip: Ip, bits: number): Ip {
  return ip.map((one, at) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * at))
    return one & (0xff << (8 - kept)) & 0xff
  })
}

export function formatCidr({ network, bits }: Cidr): string {
  return `${formatIp(network)}/${bits}`
}

/** Whether an address is in a range. */
export function containsIp({ network, bits }: Cidr, ip: Ip): boolean {
  return ip.length === network.length && formatIp(masked(ip, bits)) === formatIp(network)
}

/** Leading zeros in IPv4 parts, which stricter readers refuse. */
function hasZeros(text: string): boolean {
  return /(^|[.:])0\d+(\.|$)/.test(text.split('/')[0] ?? '')
}

/** Source: IsValidIPForLegacyField; `old` are the values that may stay. */
export function validateOldIp(
  text: string,
  path: string,
  causes: Causes,
  old: readonly string[] = [],
): void {
  if (!old.includes(text) && parseIp(text) === undefined) causes.invalid(path, text, ipText)
}

/** Source: IsValidIP, of new fields. */
export function ipErrors(text: string): string[] {
  const ip = parseIp(text)
  if (ip === undefined) return [ipText]
  if (hasZeros(text)) return ['must not have leading 0s']
  if (isMapped(ip)) return ['must not be an IPv4-mapped IPv6 address']
  const canonical = formatIp(ip)
  return text === canonical ? [] : [`must be in canonical form ("${canonical}")`]
}

/** Source: IsValidCIDRForLegacyField. */
export function validateOldCidr(
  text: string,
  path: string,
  causes: Causes,
  old: readonly string[] = [],
): void {
  if (!old.includes(text) && parseCidr(text) === undefined) causes.invalid(path, text, cidrText)
}

/** Source: IsValidCIDR, of new fields. */
export function cidrErrors(text: string): string[] {
  const cidr = parseCidr(text)
  if (cidr === undefined) return [cidrText]
  if (hasZeros(text) || /\/0\d/.test(text)) {
    return ['must not have leading 0s in IP or prefix length']
  }
  if (isMapped(cidr.ip)) return ['must not have an IPv4-mapped IPv6 address']
  if (formatIp(cidr.ip) !== formatIp(cidr.network)) {
    return ['must not have bits set beyond the prefix length']
  }
  const canonical = formatCidr(cidr)
  return text === canonical ? [] : [`must be in canonical form ("${canonical}")`]
}

/** Source: GetWarningsForIP. */
export function ipWarnings(path: string, text: string): string[] {
  const ip = parseIp(text)
  if (ip === undefined) return []
  const canonical = formatIp(ip)
  if (hasZeros(text) || isMapped(ip)) {
    return [
      `${path}: non-standard IP address "${text}" will be considered invalid in a future ` +
        `Kubernetes release: use "${canonical}"`,
    ]
  }
  if (ip.length === 4 || canonical === text) return []
  return [`${path}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${canonical}")`]
}

/** Source: GetWarningsForCIDR. */
export function cidrWarnings(path: string, text: string): string[] {
  const cidr = parseCidr(text)
  if (cidr === undefined) return []
  const canonical = formatCidr(cidr)
  const warnings: string[] = []
  if (formatIp(cidr.ip) !== formatIp(cidr.network)) {
    const single = `${formatIp(cidr.ip)}/${cidr.ip.length * 8}`
    warnings.push(
      `${path}: CIDR value "${text}" is ambiguous in this context (should be "${canonical}" ` +
        `or "${single}"?)`,
    )
  }
  if (hasZeros(text) || /\/0\d/.test(text) || isMapped(cidr.ip)) {
    warnings.push(
      `${path}: non-standard CIDR value "${text}" will be considered invalid in a future ` +
        `Kubernetes release: use "${canonical}"`,
    )
  }
  if (warnings.length > 0 || cidr.ip.length === 4 || canonical === text) return warnings
  return [
    `${path}: IPv6 CIDR value "${text}" should be in RFC 5952 canonical format ("${canonical}")`,
  ]
}
