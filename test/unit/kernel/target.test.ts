import { expect, test } from 'vitest'
import { parseTarget, percentDecoded } from '../../../src/kernel/target.ts'

test('a target is a path and a query', () => {
  const target = parseTarget('/exec/default/a%20b/?x=1&x=%zz')
  expect(target?.path).toBe('/exec/default/a%20b/')
  expect(target?.segments).toEqual(['exec', 'default', 'a b'])
  expect(target?.query.getAll('x')).toEqual(['1', '%zz'])
})

test.each(['', '*', '//', '/\\', 'https://[::', '/?', '/#', '/..'])('%s is a target', target => {
  expect(parseTarget(target)).toBeDefined()
})

test.each(['/%', '/%zz', '/a/%ff/b'])('%s has escapes that are none', target => {
  expect(parseTarget(target)).toBeUndefined()
})

test('percents of a text', () => {
  expect(percentDecoded('a%20b')).toBe('a b')
  expect(percentDecoded('100%')).toBeUndefined()
})
