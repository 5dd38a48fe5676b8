import { describe, expect, test } from 'vitest'
import {
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
  selectorOf,
  selectorText,
} from '../../../src/api/selectors.ts'

const labels = { app: 'web', tier: 'front', n: '5', 'example.org/x': '' }

describe('label selectors', () => {
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['other!=x', true],
    ['app', true],
    ['other', false],
    ['!other', true],
    ['!app', false],
    ['app in (web,db)', true],
    ['app in (db)', false],
    ['app notin (db,x)', true],
    ['other notin (x)', true],
    ['app notin (web)', false],
    ['n>4', true],
    ['n>5', false],
    ['n<6,app=web', true],
    ['app=web,tier=back', false],
    ['example.org/x=', true],
    ['example.org/x', true],
    ['app in (web),tier notin (back),!z', true],
  ])('%s: %s', (text, matches) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(matches)
  })

  test.each([
    'a b',
    'a=b=c',
    'a in b',
    'in (',
    'a,',
    ',a',
    'a==!',
    'a in (x',
    '-a',
    'a=b c',
    'n>x',
  ])('%s is none', text => {
    expect(() => parseLabelSelector(text)).toThrow(SelectorError)
  })

  test('of objects: absent matches nothing, empty everything', () => {
    expect(matchesLabels(selectorOf(undefined), labels)).toBe(false)
    expect(matchesLabels(selectorOf({}), labels)).toBe(true)
    const selector = selectorOf({
      matchLabels: { tier: 'front', app: 'web' },
      matchExpressions: [{ key: 'z', operator: 'DoesNotExist' }],
    })
    expect(matchesLabels(selector, labels)).toBe(true)
    expect(selectorText(selector)).toBe('app=web,tier=front,!z')
    expect(matchesLabels(selector, { ...labels, z: '' })).toBe(false)
  })

  test('never looks at inherited properties', () => {
    expect(matchesLabels(parseLabelSelector('constructor'), {})).toBe(false)
  })
})

describe('field selectors', () => {
  const fieldOf = (field: string) => ({ 'status.phase': 'Running', a: 'x,y' })[field] ?? ''
  test.each([
    ['status.phase=Running', true],
    ['status.phase==Running', true],
    ['status.phase!=Running', false],
    ['status.phase!=Failed,status.phase!=Succeeded', true],
    ['spec.nodeName=', true],
    ['a=x\\,y', true],
    ['', true],
  ])('%s: %s', (text, matches) => {
    expect(matchesFields(parseFieldSelector(text), fieldOf)).toBe(matches)
  })

  test('refuses what has no operator', () => {
    expect(() => parseFieldSelector('abc')).toThrow("invalid selector: 'abc'")
  })
})
