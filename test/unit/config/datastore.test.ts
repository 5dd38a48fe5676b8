import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/errors.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { formatConfig } from '../../../src/config/write.ts'

const etcd = { driver: 'etcd', endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'] }
const parse = (datastore?: object) =>
  parseConfig('/etc/q/c.json', { peers: [{ name: 'a' }], ...(datastore && { datastore }) })

test('the embedded store is the default', () => {
  expect(parse().datastore).toEqual({ driver: 'embedded' })
})

test('files are meant from the folder of the configuration, and stay what they are', () => {
  const files = { ca: 'ca.crt', cert: '/abs/client.crt', key: 'keys/client.key' }
  const config = parse({ ...etcd, ...files, prefix: '/one' })
  expect(config.datastore).toEqual({
    ...etcd,
    ...{ ca: '/etc/q/ca.crt', cert: '/abs/client.crt', key: '/etc/q/keys/client.key' },
    prefix: '/one',
  })
  const again = parseConfig('/elsewhere/c.json', JSON.parse(formatConfig(config)))
  expect(again.datastore).toEqual(config.datastore)
})

test.each<[string, object, string]>([
  [
    'an unknown driver',
    { driver: 'postgres' },
    'datastore.driver: "postgres" is not allowed; allowed: an object with the driver "embedded" ' +
      'or "etcd"',
  ],
  ['no driver', { endpoints: [] }, 'datastore.driver: missing; allowed: an object with the driver'],
  ['no endpoints', { driver: 'etcd' }, 'datastore.endpoints: missing; allowed: array'],
  [
    'an empty list',
    { driver: 'etcd', endpoints: [] },
    'datastore.endpoints: [] is not allowed; allowed: one or more of https://host:port',
  ],
  [
    'an endpoint that is none',
    { driver: 'etcd', endpoints: ['10.0.0.1:2379'] },
    'datastore.endpoints[0]: "10.0.0.1:2379" is not allowed; allowed: https://host:port',
  ],
  [
    'an option of the other driver',
    { driver: 'embedded', endpoints: [] },
    'datastore.endpoints: unknown key',
  ],
  ['half a pair', { ...etcd, cert: 'a' }, 'datastore.key: missing; a client certificate is a pair'],
  [
    'certificates in the clear',
    { driver: 'etcd', endpoints: ['http://10.0.0.1:2379'], ca: 'a' },
    'datastore.ca: certificates need endpoints with https://',
  ],
  [
    'both schemes',
    { driver: 'etcd', endpoints: ['http://a:1', 'https://a:1'] },
    'datastore.endpoints: http and https do not go together',
  ],
])('names the key of %s', (_name, datastore, message) => {
  let said = ''
  try {
    parse(datastore)
  } catch (error) {
    if (error instanceof ConfigError) said = error.message
  }
  expect(said).toContain(`c.json: ${message}`)
})
