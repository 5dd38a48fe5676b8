import { PassThrough, Writable } from 'node:stream'
import type { ExecSession } from '../types.ts'
import type { ContainerRecord } from './protocol.ts'
import { ShimClient } from './shimclient.ts'

/** Joins the streams of a container's program, over a connection to the shim of its own. */
export async function attachToShim(
  socket: string,
  container: ContainerRecord,
): Promise<ExecSession> {
  const stdout = new PassThrough()
  const stderr = container.tty ? null : new PassThrough()
  let finish: (exitCode: number) => void = () => undefined
  const exit = new Promise<number>(resolve => {
    finish = resolve
  })
  const end = (exitCode: number) => {
    stdout.end()
    stderr?.end()
    finish(exitCode)
  }
  const shim = await ShimClient.connect(socket, {
    onChange: () => undefined,
    onOutput: output => {
      if ('ended' in output) return end(output.ended)
      const to = output.output === 'stdout' ? stdout : stderr
      if (to === null || to.write(Buffer.from(output.data, 'latin1'))) return
      shim.pause()
      to.once('drain', () => shim.resume())
    },
    onClose: () => end(0),
  })
  const { id } = container
  try {
    await shim.request({ op: 'attach', id })
  } catch (error) {
    shim.close()
    throw error
  }
  void exit.then(() => shim.close())
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const data = Buffer.from(chunk).toString('latin1')
      shim.request({ op: 'input', id, data }).then(() => done(), done)
    },
    final(done) {
      shim.request({ op: 'input', id, end: true }).then(() => done(), done)
    },
  })
  stdin.on('error', () => undefined)
  return {
    stdin: container.stdin ? stdin : null,
    stdout,
    stderr,
    exit,
    resize: (columns, rows) => {
      shim.request({ op: 'input', id, size: { columns, rows } }).catch(() => undefined)
    },
    kill: () => shim.close(),
  }
}
