import { expect, test } from 'vitest'
import { parseGoTime } from '../../../src/api/schema/go-time.ts'
import { jsonSyntaxError } from '../../../src/api/schema/json-syntax.ts'

/** Each beside what Go's encoding/json says of the same text. */
test.each([
  ['{"a":[1,-2.5e+3,true,null,"\\u00e4"]} \n', undefined],
  ['', 'unexpected end of JSON input'],
  ['{"a":1', 'unexpected end of JSON input'],
  ['0.', "invalid character ' ' after decimal point in numeric literal"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{a}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['tru3', "invalid character '3' in literal true (expecting 'e')"],
  ['01', "invalid character '1' after top-level value"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ['é', "invalid character 'Ã' looking for beginning of value"],
])('%s: %s', (text, wanted) => {
  expect(jsonSyntaxError(text)).toBe(wanted)
})

/** Each beside what Go's time.Parse says of the same text. */
test.each([
  ['time', 'no time', 'cannot parse "no time" as "2006"'],
  ['time', '2026-1-02T03:04:05Z', 'cannot parse "1-02T03:04:05Z" as "01"'],
  ['time', '2026-13-02T03:04:05Z', ': month out of range'],
  ['time', '2026-02-30T03:04:05Z', ': day out of range'],
  ['time', '2026-01-02 03:04:05Z', 'cannot parse " 03:04:05Z" as "T"'],
  ['time', '2026-01-02T03:04:05', 'cannot parse "" as "Z07:00"'],
  ['time', '2026-01-02T03:04:05Zx', ': extra text: "x"'],
  ['microtime', '2026-01-02T03:04:05Z', 'cannot parse "Z" as ".000000"'],
] as const)('%s %s: %s', (layout, text, wanted) => {
  expect(() => parseGoTime(text, layout)).toThrow(wanted)
})
