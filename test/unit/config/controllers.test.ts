import { describe, expect, test } from 'vitest'
import { controllerNames } from '../../../src/config/controller-names.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { controllers } from '../../../src/controllers/table.ts'
import { enabledControllers } from '../../../src/peer/enabled-controllers.ts'

describe('which controllers run', () => {
  const names = (wanted: readonly string[]) => enabledControllers(wanted).map(({ name }) => name)
  const parse = (file: object) => parseConfig('test.json', { peers: [{ name: 'a' }], ...file })

  test('the names are those of the table', () => {
    expect(Object.keys(controllers).sort()).toEqual([...controllerNames].sort())
  })

  test('all of them by default, none without an entry', () => {
    expect(parse({}).controllers).toEqual(['*'])
    expect(names(['*'])).toHaveLength(controllerNames.length)
    expect(names([])).toEqual([])
  })

  test('a name adds one, a minus takes one away', () => {
    expect(names(['podgc', 'namespace'])).toEqual(['namespace', 'pod-garbage-collector'])
    expect(names(['*', '-podgc'])).toEqual(names(['*']).filter(name => !name.startsWith('pod-')))
  })

  test('what is no controller is refused, with all that are', () => {
    const file = { controllers: ['*', '-jobs'] }
    expect(() => parse(file)).toThrow(/controllers.*"\*", or one of deployment, .*serviceaccount/)
  })
})
