import { expect, test } from 'vitest'
import { HpackDecoder } from '../../../src/etcd/http2/hpack.ts'
import { HeadDecoder } from '../../../src/etcd/http2/request-head.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** The examples of RFC 7541, appendix C: three requests on one connection. */
const plain = [
  '828684410f7777772e6578616d706c652e636f6d',
  '828684be58086e6f2d6361636865',
  '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
]
const huffman = [
  '828684418cf1e3c2e5f23a6ba0ab90f4ff',
  '828684be5886a8eb10649cbf',
  '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
]
const expected = [
  ':method GET|:scheme http|:path /|:authority www.example.com',
  ':method GET|:scheme http|:path /|:authority www.example.com|cache-control no-cache',
  ':method GET|:scheme https|:path /index.html|:authority www.example.com|custom-key custom-value',
]

test.each([
  ['without Huffman code (C.3)', plain],
  ['with it (C.4)', huffman],
])('decodes the requests of RFC 7541 %s', (_name, blocks) => {
  const decoder = new HpackDecoder(16_384)
  const decoded = blocks.map(text =>
    decoder
      .decode(hex(text))
      .map(field => field.join(' '))
      .join('|'),
  )
  expect(decoded).toEqual(expected)
})

test('evicts what no longer fits', () => {
  const decoder = new HpackDecoder(16_384)
  // A table of 64 bytes has room for one entry of this size.
  decoder.decode(hex('3f21 40 0161 0131'))
  decoder.decode(hex('40 0162 0132'))
  expect(decoder.decode(hex('be'))).toEqual([['b', '2']])
  expect(() => decoder.decode(hex('bf'))).toThrow('no such index')
})

test.each([
  ['an end mark', '00 84 ffffffff 00'],
  ['padding of eight bits', '00 82 1fff 00'],
  ['padding that is not ones', '00 81 18 00'],
  ['a string without end', '00 05 61'],
  ['index 0', '80'],
  ['an endless integer', 'ff ffffffffffff'],
  ['a table above 4096', '3fe11f3fe21f'],
  ['a change of size within a block', '82 3f21'],
])('refuses %s', (_name, text) => {
  expect(() => new HpackDecoder(16_384).decode(hex(text))).toThrow()
})

test('the same block at the same table is decoded once', () => {
  const decoder = new HeadDecoder(16_384)
  const block = hex(plain[0]!)
  const decode = (bytes: Buffer) => decoder.decode(bytes, 0, bytes.length)
  decode(block)
  const second = hex('828684be')
  expect(decode(second)).toBe(decode(second))
  decode(hex(plain[1]!))
  decode(hex(plain[2]!))
  expect(decode(second).header(':authority')).toBe(undefined)
  expect(decode(second).header('custom-key')).toBe('custom-value')
})
