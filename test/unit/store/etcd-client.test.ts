import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { EtcdClient } from '../../../src/store/etcd/client.ts'
import { compactionRequest, compactionResponse } from '../../../src/store/etcd/rpc/kv.ts'

/**
 * A client that is closed in the moment in which its connection comes up ended the process, by an
 * error that nobody could catch. Found by the nemesis.
 */
test('closing while connecting throws nowhere', async () => {
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', onUncaught)
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const types = { request: compactionRequest, response: compactionResponse }
  try {
    for (let at = 0; at < 60; at++) {
      const client = new EtcdClient({ url: `http://127.0.0.1:${port}` })
      const { responses } = client.stream('/etcdserverpb.KV/Compact', types)
      const ended = (async () => {
        for await (const _ of responses);
      })().catch(() => {})
      for (let turn = 0; turn < at % 6; turn++) await new Promise(setImmediate)
      client.close()
      await ended
    }
    expect(uncaught).toEqual([])
  } finally {
    process.off('uncaughtException', onUncaught)
    server.close()
  }
})
