import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DataLayout, dataLayout } from '../../../src/config/layout.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { lastWords } from '../../../src/supervisor/last-words.ts'
import { chooseNetworks } from '../../../src/supervisor/networks.ts'
import { checkPorts } from '../../../src/supervisor/ports.ts'
import {
  processState,
  readRunRecord,
  readRunRecords,
  recordProcess,
  removeRunRecord,
  signalProcess,
  startProcess,
  waitForExit,
} from '../../../src/supervisor/processes.ts'
import { bindProblem, listeners, portHolder } from '../../../src/supervisor/sockets.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

let layout: DataLayout
const children: ChildProcess[] = []
const servers: Server[] = []

beforeEach(() => {
  layout = dataLayout(mkdtempSync(join(tmpdir(), 'quorate-supervisor-')))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const record of readRunRecords(layout)) {
    if (record.pid !== process.pid) signalProcess(record, 'SIGKILL')
  }
  for (const server of servers.splice(0)) server.close()
  rmSync(layout.root, { recursive: true, force: true })
})

function sleeper(): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  children.push(child)
  if (child.pid === undefined) throw new Error('not started')
  return child.pid
}

async function listen(port: number, host = '127.0.0.1'): Promise<void> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>(resolve => server.listen(port, host, resolve))
}

describe('processes', () => {
  test('running, paused, running, down: as the kernel says', async () => {
    const record = recordProcess(layout, 'p', sleeper(), [])
    expect(processState(record)).toBe('running')
    expect(signalProcess(record, 'SIGSTOP')).toBe(true)
    await until('paused', () => processState(record) === 'paused')
    signalProcess(record, 'SIGCONT')
    await until('running', () => processState(record) === 'running')
    signalProcess(record, 'SIGKILL')
    expect(await waitForExit(record, 5_000)).toBe(true)
    expect(signalProcess(record, 'SIGKILL')).toBe(false)
  })

  test('a pid that was given to another program is not signalled', async () => {
    const pid = sleeper()
    const record = recordProcess(layout, 'p', pid, [])
    const stale = { ...record, startTicks: String(Number(record.startTicks) - 1) }
    expect(processState(stale)).toBe('down')
    expect(signalProcess(stale, 'SIGKILL')).toBe(false)
    expect(processState(record)).toBe('running')
  })

  test('does not wait for ever', async () => {
    const record = recordProcess(layout, 'p', sleeper(), [])
    expect(await waitForExit(record, 50)).toBe(false)
  })

  test('a started process is recorded, and its output is in its log', async () => {
    const started = startProcess(layout, 'p', ['-e', 'console.log("hello")'])
    expect(readRunRecord(layout, 'p')).toEqual(started)
    expect(statSync(layout.runFile('p')).mode & 0o777).toBe(0o600)
    await until('the log', () => statSync(layout.logFile('p')).size === 'hello\n'.length)
    expect(await waitForExit(started, 5_000)).toBe(true)
  })

  test('records that can not be read are skipped, removed ones are gone', () => {
    recordProcess(layout, 'b', process.pid, [])
    recordProcess(layout, 'a', process.pid, [])
    writeFileSync(layout.runFile('broken'), '{')
    expect(readRunRecords(layout).map(record => record.name)).toEqual(['a', 'b'])
    removeRunRecord(layout, 'a')
    expect(readRunRecords(layout).map(record => record.name)).toEqual(['b'])
    expect(readRunRecords(dataLayout(join(layout.root, 'none')))).toEqual([])
  })
})

test('the last words of a process are its newest error, not what follows', () => {
  expect(lastWords(layout, 'p')).toBeUndefined()
  mkdirSync(layout.logs)
  const line = (level: string, fields: object) => `${JSON.stringify({ level, ...fields })}\n`
  const write = (...lines: string[]) => writeFileSync(layout.logFile('p'), lines.join(''))
  write(line('info', { msg: 'started' }), 'not JSON\n')
  expect(lastWords(layout, 'p')).toBeUndefined()
  const first = line('error', { msg: 'old', error: 'an earlier start' })
  const second = line('error', { msg: 'can not start', error: 'the log is damaged' })
  write(first, second, line('info', { msg: 'stopping' }))
  expect(lastWords(layout, 'p')).toBe('the log is damaged')
  write(line('error', { msg: 'no reason given' }))
  expect(lastWords(layout, 'p')).toBe('no reason given')
})

describe.runIf(process.platform === 'linux')('sockets', () => {
  test('who listens where, and what holds a port', async () => {
    const port = await freePort()
    expect(await bindProblem('127.0.0.1', port)).toBeUndefined()
    await listen(port)
    expect(listeners()).toContainEqual(expect.objectContaining({ host: '127.0.0.1', port }))
    expect(await bindProblem('127.0.0.1', port)).toBe('EADDRINUSE')
    expect(portHolder('127.0.0.1', port)).toContain(`(pid ${process.pid})`)
    expect(portHolder('127.0.0.2', port)).toBeUndefined()
  })

  test('a listener on all addresses holds every one', async () => {
    const port = await freePort()
    await listen(port, '0.0.0.0')
    expect(portHolder('127.0.0.2', port)).toContain(`(pid ${process.pid})`)
  })

  test('taken ports are told with key and holder before anything starts', async () => {
    const config = parseConfig('c.json', {
      peers: [
        { name: 'a', api: `127.0.0.1:${await freePort()}`, mesh: `127.0.0.1:${await freePort()}` },
      ],
      loadBalancer: `127.0.0.1:${await freePort()}`,
      portBase: 30_000 + Math.floor(Math.random() * 20_000),
    })
    await expect(checkPorts(config, ['a', 'load-balancer'])).resolves.toBeUndefined()
    const { port } = config.peers[0]?.mesh ?? { port: 0 }
    await listen(port)
    const message = await checkPorts(config, ['a']).then(
      () => '',
      (error: Error) => error.message,
    )
    expect(message.split('\n')[0]).toContain(`port ${port} of 127.0.0.1 (peers[0].mesh) is held by`)
    expect(message).toContain(`(pid ${process.pid})`)
    expect(message).toContain('Choose others with --port-base P')
    await expect(checkPorts(config, ['load-balancer'])).resolves.toBeUndefined()
  })

  test('a cluster takes a /16 of its own, and the same one again', async () => {
    const config = parseConfig('c.json', { peers: [{ name: 'a' }] })
    const first = chooseNetworks(config, '/some/folder')
    expect(chooseNetworks(config, '/some/folder')).toEqual(first)
    const block = first.nodes.split('.').slice(0, 2).join('.')
    expect(first).toEqual({
      nodes: `${block}.0.0/18`,
      pods: `${block}.64.0/18`,
      services: `${block}.128.0/17`,
    })
    await listen(await freePort(`${block}.0.11`), `${block}.0.11`)
    expect(chooseNetworks(config, '/some/folder')).not.toEqual(first)
    const fixed = { ...config, networks: first }
    expect(chooseNetworks(fixed, '/some/folder')).toEqual(first)
  })
})
