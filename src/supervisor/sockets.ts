import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { errorCode } from '../kernel/result.ts'

/** A TCP socket that listens, from /proc/net/tcp. */
export interface Listener {
  readonly host: string
  readonly port: number
  readonly inode: string
}

const listenState = '0A'

/** All IPv4 listeners of this network namespace; empty where there is no /proc. */
export function listeners(): Listener[] {
  let table: string
  try {
    table = readFileSync('/proc/net/tcp', 'utf8')
  } catch {
    return []
  }
  return table
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[3] === listenState)
    .map(fields => {
      const [address = '', port = ''] = (fields[1] ?? '').split(':')
      const bytes = address.match(/../g) ?? []
      return {
        host: bytes
          .reverse()
          .map(byte => Number.parseInt(byte, 16))
          .join('.'),
        port: Number.parseInt(port, 16),
        inode: fields[9] ?? '',
      }
    })
}

/** Whether `host:port` can be bound; `undefined` when it can, else why not. */
export function bindProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => resolve(errorCode(error) ?? error.message))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}

/** Who listens on the port: `node server.js (pid 123)`, or undefined when it can't be told. */
export function portHolder(host: string, port: number): string | undefined {
  const held = listeners().find(
    listener => listener.port === port && (listener.host === host || listener.host === '0.0.0.0'),
  )
  if (!held) return undefined
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    if (holdsInode(pid, held.inode)) return `${commandOf(pid)} (pid ${pid})`
  }
  return "a process of another user (its name can't be read)"
}

function holdsInode(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some(fd => readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`)
  } catch {
    return false
  }
}

function commandOf(pid: string): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
    return words.join(' ').slice(0, 120)
  } catch {
    return 'a process'
  }
}
