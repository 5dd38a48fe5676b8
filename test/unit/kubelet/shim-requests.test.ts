import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRequest } from '../../../src/kubelet/runtime/process/request-shape.ts'
import { ShimClient } from '../../../src/kubelet/runtime/process/shimclient.ts'

const container = {
  ...{ id: 'a', name: 'c', attempt: 0, image: 'i', imageId: 'i', specHash: 'x', createdAt: 1 },
  ...{ argv: ['true'], env: { A: 'b' }, cwd: '/', logPath: '/l', terminationLog: '/t' },
  ...{ stdin: false, tty: false, mounts: [], state: 'created' },
}
const good: readonly object[] = [
  { op: 'create', container },
  { op: 'start', id: 'a' },
  { op: 'stop', id: 'a', graceMs: 30_000 },
  { op: 'list' },
  { op: 'input', id: 'a', data: 'x', size: { columns: 80, rows: 24 } },
  { op: 'shutdown', graceMs: 0 },
]
test.each(good)('%j is a request', request => {
  const line = { seq: 7, ...request }
  expect(readRequest(JSON.stringify(line))).toEqual({ seq: 7, request: line })
})

const bad: readonly object[] = [
  { op: 'create' },
  { op: 'create', container: null },
  { op: 'create', container: { ...container, argv: 'true' } },
  { op: 'create', container: { ...container, argv: {} } },
  { op: 'create', container: { ...container, id: {} } },
  { op: 'create', container: { ...container, env: { A: 1 } } },
  { op: 'create', container: { ...container, state: 'running', pid: 1 } },
  { op: 'start', id: { toString: 'y' } },
  { op: 'stop', id: 'a' },
  { op: 'stop', id: 'a', graceMs: '5' },
  { op: 'input', id: 'a', size: { columns: -1, rows: 'x' } },
  { op: 'constructor' },
]
test.each(bad)('%j is none, and its number is answered', request => {
  expect(readRequest(JSON.stringify({ seq: 7, ...request }))).toMatchObject({
    seq: 7,
    wrong: expect.any(String),
  })
})

test.each(['', 'x', 'null', '[]', '{"op":"list"}', '{"seq":"1","op":"list"}'])(
  '%s comes from somebody who is not the kubelet',
  line => {
    expect(readRequest(line)).toBeUndefined()
  },
)

test.each(['garbage\n', 'null\n', '7\n{"seq":1}\n'])('a shim that says %j is gone', async said => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-shim-'))
  const path = join(folder, 's')
  const server = createServer(socket => socket.on('error', () => {}).write(said))
  await new Promise<void>(resolve => server.listen(path, resolve))
  try {
    await new Promise<void>((resolve, reject) => {
      ShimClient.connect(path, { onChange() {}, onClose: resolve }).catch(reject)
    })
  } finally {
    server.close()
    rmSync(folder, { recursive: true })
  }
})
