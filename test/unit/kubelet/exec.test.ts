import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { ExecSession } from '../../../src/kubelet/runtime/types.ts'
import { attachStatus, execOverWebSocket, exitStatus } from '../../../src/kubelet/server/exec.ts'

/** What goes over the channels of a WebSocket. */
async function serve(
  messages: readonly (readonly [number, string])[],
  statusOf: (code: number) => ReturnType<typeof exitStatus>,
) {
  const sent: [number, string][] = []
  const sizes: [number, number][] = []
  const client = Object.assign(new EventEmitter(), {
    ...{ OPEN: 1, readyState: 1, bufferedAmount: 0 },
    ...{ close: () => {}, pause: () => {}, resume: () => {} },
    send: (data: Buffer) => sent.push([data[0] ?? -1, data.subarray(1).toString()]),
  })
  const stdout = new PassThrough()
  let end = (_code: number) => {}
  const session = {
    stdout,
    exit: new Promise<number>(resolve => {
      end = resolve
    }),
    kill: () => {},
    resize: (width: number, height: number) => sizes.push([width, height]),
  } as unknown as ExecSession
  const done = execOverWebSocket(client as unknown as WebSocket, async () => session, statusOf)
  await new Promise(resolve => setImmediate(resolve))
  for (const [channel, text] of messages) {
    client.emit('message', Buffer.concat([Buffer.of(channel), Buffer.from(text)]))
  }
  stdout.end()
  end(3)
  await done
  return { sizes, status: JSON.parse(sent.find(([channel]) => channel === 3)?.[1] ?? 'null') }
}

test('a size is read whatever its case, and only if it is one', async () => {
  const { sizes } = await serve(
    [
      [4, '{"Width":80,"Height":24}'],
      [4, '{"width":100,"height":30}'],
      [4, '{"WIDTH":1,"HeiGht":2}\n{"Width":3,"Height":4}'],
      [4, '{"Width":-1,"Height":24}'],
      [4, '{"Width":"80","Height":24}'],
      [4, '{"Width":70000,"Height":24}'],
      [4, '[]'],
      [4, 'null'],
      [4, 'nonsense'],
    ],
    exitStatus,
  )
  expect(sizes).toEqual([
    [80, 24],
    [100, 30],
    [1, 2],
    [3, 4],
  ])
})

test('exec tells how the program ended, attach that it did', async () => {
  expect((await serve([], exitStatus)).status).toMatchObject({ reason: 'NonZeroExitCode' })
  expect((await serve([], attachStatus)).status).toMatchObject({ status: 'Success' })
})
