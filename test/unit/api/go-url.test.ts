import { expect, test } from 'vitest'
import { parseGoUrl } from '../../../src/api/validation/go-url.ts'

/** Expectations: Go's net/url Parse. */
test.each([
  ['https://a.io/x?q=1#f', { scheme: 'https', host: 'a.io', query: 'q=1', fragment: 'f' }],
  ['HTTPS://u:p@a.io:1', { scheme: 'https', host: 'a.io:1', user: 'u:p', query: '', fragment: '' }],
  ['https://[::1]:80/', { scheme: 'https', host: '[::1]:80', query: '', fragment: '' }],
  ['mailto:a@b', { scheme: 'mailto', host: '', query: '', fragment: '' }],
  ['a/b:c', { scheme: '', host: '', query: '', fragment: '' }],
  ['//a.io/b', { scheme: '', host: 'a.io', query: '', fragment: '' }],
  ['', { scheme: '', host: '', query: '', fragment: '' }],
])('%j is taken apart', (text, parts) => {
  expect(parseGoUrl(text)).toEqual(parts)
})

test.each([
  ['://a', 'parse "://a": missing protocol scheme'],
  ['1a:b', 'parse "1a:b": first path segment in URL cannot contain colon'],
  ['a b:c', 'parse "a b:c": first path segment in URL cannot contain colon'],
  ['https://a b', 'parse "https://a b": invalid character " " in host name'],
  ['https://a:x', 'parse "https://a:x": invalid port ":x" after host'],
  ['https://a/%zz', 'parse "https://a/%zz": invalid URL escape "%zz"'],
  ['https://a/\n', 'parse "https://a/\\n": net/url: invalid control character in URL'],
])('%j is none', (text, error) => {
  expect(parseGoUrl(text)).toBe(error)
})
