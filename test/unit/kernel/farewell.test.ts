import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { farewell } from '../../../src/kernel/farewell.ts'
import { until } from '../../support/until.ts'

test.each(['end', 'destroy'] as const)(
  'a connection is closed though its client said more before it left by %s',
  async leave => {
    const sockets: Socket[] = []
    // As HTTP servers are: an end of the client alone closes nothing.
    const server = createServer({ allowHalfOpen: true }, socket => {
      sockets.push(socket)
      socket.once('readable', () => farewell(socket, 'no\n'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const client = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true })
    client.on('error', () => {})
    client.write('more than anybody reads')
    const [words] = await new Promise<[Buffer]>(resolve => {
      client.once('data', (...data: [Buffer]) => resolve(data))
    })
    expect(words.toString()).toBe('no\n')
    client[leave]()
    await until('it is closed', () => sockets[0]?.closed === true, 4_000)
    client.destroy()
    server.close()
  },
)
