import { describe, expect, test } from 'vitest'
import {
  cidrErrors,
  containsIp,
  formatCidr,
  formatIp,
  ipErrors,
  ipWarnings,
  parseCidr,
  parseIp,
} from '../../../src/api/validation/ip.ts'
import { must } from '../../../src/kernel/assert.ts'

/** Expectations: Go's net.ParseIP and net/netip, and apimachinery pkg/util/validation/ip_test.go. */
describe('an address', () => {
  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['01.002.3.4', '1.2.3.4'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0DB8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('%s is %s', (text, canonical) => {
    expect(formatIp(must(parseIp(text), 'an address'))).toBe(canonical)
  })

  test.each([
    ...['', '1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d', '1.2.3.4/8'],
    ...[':', ':1', '1:::2', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7::8', '1:2:3:4:5:6:7:8:9'],
    ...['12345::', 'g::', '::1.2.3', 'fe80::1%eth0'],
  ])('%j is none', text => {
    expect(parseIp(text)).toBeUndefined()
  })

  test.each([
    ['1.2.3.4', []],
    ['1.2.3.04', ['must not have leading 0s']],
    ['::ffff:1.2.3.4', ['must not be an IPv4-mapped IPv6 address']],
    ['2001:DB8::', ['must be in canonical form ("2001:db8::")']],
  ])('%s in a new field', (text, errors) => {
    expect(ipErrors(text)).toEqual(errors)
  })

  test('an old field only warns', () => {
    expect(ipWarnings('x', '1.2.3.4')).toEqual([])
    expect(ipWarnings('x', '1.2.3.04')).toEqual([
      'x: non-standard IP address "1.2.3.04" will be considered invalid in a future Kubernetes release: use "1.2.3.4"',
    ])
    expect(ipWarnings('x', '2001:DB8::')).toEqual([
      'x: IPv6 address "2001:DB8::" should be in RFC 5952 canonical format ("2001:db8::")',
    ])
  })
})

describe('a range', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
    ['::1/128', '::1/128'],
  ])('%s is %s', (text, canonical) => {
    expect(formatCidr(must(parseCidr(text), 'a range'))).toBe(canonical)
  })

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '/8', '::/129', '10.0.0.0/8/8'])(
    '%j is none',
    text => {
      expect(parseCidr(text)).toBeUndefined()
    },
  )

  test('a new field takes its one form', () => {
    expect(cidrErrors('10.0.0.0/8')).toEqual([])
    expect(cidrErrors('10.0.0.1/8')).toEqual(['must not have bits set beyond the prefix length'])
    expect(cidrErrors('10.0.0.0/08')).toEqual(['must not have leading 0s in IP or prefix length'])
  })

  test('has the addresses of its family that begin as it does', () => {
    const range = must(parseCidr('10.8.0.0/13'), 'a range')
    const isIn = (text: string) => containsIp(range, must(parseIp(text), 'an address'))
    expect(['10.8.0.0', '10.15.255.255', '10.16.0.0', '::a08:1'].map(isIn)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
