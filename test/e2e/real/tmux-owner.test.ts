import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mainFile, quorate, type Ran, root, run } from '../../support/cluster.ts'
import { freePortBase } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

/** `quorate up` in a shell with job control, as after `npm start`: its dashboard owns the cluster. */
const socket = `quorate-owner-${process.pid}`
const testMs = 180_000
const noTmux = (await run('tmux', ['-V'])).code !== 0
const data = mkdtempSync(join(tmpdir(), 'quorate-owner-'))

const tmux = (...args: string[]): Promise<Ran> => run('tmux', ['-L', socket, ...args])
const press = (...keys: string[]) => tmux('send-keys', '-t', 'up', ...keys)

async function screen(): Promise<string> {
  return (await tmux('capture-pane', '-p', '-t', 'up')).out
}

async function shows(pattern: RegExp, timeoutMs = 20_000): Promise<string> {
  let last = ''
  const seen = async () => {
    last = await screen()
    return pattern.test(last) ? last : undefined
  }
  try {
    return await until(`${pattern} on the screen`, seen, timeoutMs)
  } catch (error) {
    throw new Error(`${String(error)}\n${last}`)
  }
}

/** Of the terminal itself: whether the alternate screen is shown, and whether the cursor is. */
async function modes(): Promise<string> {
  const format = '#{alternate_on} #{cursor_flag} #{wrap_flag}'
  return (await tmux('display-message', '-p', '-t', 'up', format)).out.trim()
}

const dashboard = '1 0 0'
const shell = '0 1 1'
const becomes = (wanted: string) =>
  until(`the terminal's modes ${wanted}`, async () => (await modes()) === wanted)

/** The pid of the dashboard, a child of `up` in this pane. */
async function dashboardPid(): Promise<number> {
  const { out } = await run('ps', ['-eo', 'pid,args'])
  const line = out.split('\n').find(each => each.includes('--owns-cluster') && each.includes(data))
  return Number(line?.trim().split(' ')[0])
}

beforeAll(async () => {
  if (noTmux) return
  const base = await freePortBase()
  const command = `${process.execPath} ${mainFile} up --data ${data} --port-base ${base}`
  const size = ['-x', '120', '-y', '36']
  await tmux('new-session', '-d', '-s', 'up', ...size, '-c', root, 'bash --norc --noprofile -i')
  await press(command, 'Enter')
  await shows(/WRITABLE 3\/3/, 120_000)
}, testMs)
afterAll(async () => {
  // Whoever asks what shall become of the cluster, or is stopped, goes before the cluster does.
  await tmux('kill-server')
  if (!noTmux) await quorate(['down', '--data', data])
  rmSync(data, { recursive: true, force: true })
}, testMs)

test.skipIf(noTmux)(
  'ctrl-z gives the shell a whole terminal, fg brings the dashboard back',
  async () => {
    expect(await modes()).toBe(dashboard)
    await press('C-z')
    await becomes(shell)
    await press('clear; stty -a | tr ";" "\\n" | grep -o " -\\?icanon\\| -\\?echo "; jobs', 'Enter')
    // The shell has said `Stopped` of its own accord before: here it comes after the modes.
    await shows(/^ icanon$[\s\S]*^ echo$[\s\S]*Stopped/m)
    await press('fg', 'Enter')
    await becomes(dashboard)
    await shows(/^ quorate .*WRITABLE 3\/3[\s\S]*1 RAFT[\s\S]*<q>quit/)
    // Keys arrive one by one again.
    await press('?')
    await shows(/KEYS/)
    await press('?')
    await shows(/1 RAFT/)
  },
  testMs,
)

test.skipIf(noTmux)(
  'so does kill -TSTP of the dashboard alone, and a stop that it could not notice',
  async () => {
    const pid = await dashboardPid()
    process.kill(pid, 'SIGTSTP')
    await becomes(shell)
    // As a shell does: nobody is continued who has not been seen to have stopped.
    await until('it has stopped', async () => {
      return (await run('ps', ['-o', 'stat=', '-p', String(pid)])).out.startsWith('T')
    })
    process.kill(pid, 'SIGCONT')
    await becomes(dashboard)
    process.kill(pid, 'SIGSTOP')
    // As a shell does with who left without a word: lines, echo, a cursor.
    const tty = (await tmux('display-message', '-p', '-t', 'up', '#{pane_tty}')).out.trim()
    await run('stty', ['-F', tty, 'sane'])
    writeFileSync(tty, '\x1b[?7h\x1b[?25h')
    await becomes('1 1 1')
    process.kill(pid, 'SIGCONT')
    await becomes(dashboard)
    await press('?')
    await shows(/KEYS/)
    await press('?')
    await shows(/^ quorate .*WRITABLE 3\/3[\s\S]*1 RAFT[\s\S]*<q>quit/)
  },
  testMs,
)

test.skipIf(noTmux)(
  'q asks; stay stays, and what is left running goes on with a supervisor of its own',
  async () => {
    await press('q')
    await shows(/quit: what shall become of the cluster\? .*l: leave it running, s: stop it/)
    await press('x')
    await shows(/<q>quit/)
    await press('q')
    await shows(/quit: what/)
    await press('l')
    await shows(/the cluster runs on/)
    await becomes(shell)
    const status = await quorate(['status', '--json', '--data', data])
    expect(status.code).toBe(0)
    const fault = await quorate(['fault', 'slow', 'peer-1', '--delay', '1', '--data', data])
    expect(fault.code).toBe(0)
    const stopped = await quorate(['down', '--data', data])
    expect(stopped.out).toMatch(/stopped: .*peer-1.*supervisor/)
  },
  testMs,
)

test.skipIf(noTmux)(
  'q and s stop the cluster',
  async () => {
    await press(`clear; ${process.execPath} ${mainFile} up --data ${data}`, 'Enter')
    await shows(/WRITABLE 3\/3/, 120_000)
    await press('q')
    await shows(/quit: what/)
    await press('s')
    await shows(/^stopped/m, 60_000)
    await becomes(shell)
    expect((await quorate(['status', '--data', data])).code).toBe(3)
  },
  testMs,
)
