import { resolve } from 'node:path'
import { render } from 'ink'
import { systemClock } from '../src/kernel/clock.ts'
import { leaveRunningExitCode } from '../src/kernel/exit-codes.ts'
import { errorMessage } from '../src/kernel/result.ts'
import { type Args, parse, usage } from './args.ts'
import { Suspension } from './frame/suspension.ts'
import { brokenPipe, TakenScreen } from './frame/terminal.ts'
import { FrameWriter } from './frame/writer.ts'
import { initialUi } from './keys/dispatch.ts'
import { changeJson, changeText } from './model/changes.ts'
import { emptyModel } from './model/reduce.ts'
import type { Model } from './model/types.ts'
import { runOnce } from './once.tsx'
import { runPlain } from './plain.ts'
import { App } from './screen/app.tsx'
import { Controls, type Local } from './screen/effects.ts'
import { Store } from './screen/store.ts'
import { LiveSource } from './source/live.ts'
import { readSettings, type Settings } from './source/settings.ts'
import { backgroundOf, colourDepth, makeTheme, needsAscii, type Theme } from './theme/theme.ts'

const usageExitCode = 2
const onceSize = { width: 120, height: 36 } as const
/** A frame of one line must not be empty for Ink: the smallest screen that is drawn. */
const smallest = { columns: 10, rows: 1 } as const

async function main(): Promise<void> {
  const ended = Promise.race([untilSignal(), brokenPipe(process.stdout, process.stdin)])
  let args: Args
  let settings: Settings
  try {
    args = parse(process.argv.slice(2))
    if (args.help) {
      process.stdout.write(usage)
      return
    }
    settings = readSettings(resolve(args.data), args.connect)
  } catch (error) {
    process.stderr.write(`quorate tui: ${errorMessage(error)}\n`)
    process.exitCode = usageExitCode
    return
  }
  const tty = process.stdout.isTTY && process.stdin.isTTY && process.env.TERM !== 'dumb'
  const mode = args.mode === 'auto' ? (tty ? 'screen' : 'plain') : args.mode
  const theme = makeTheme({
    ascii: args.ascii || needsAscii(process.env),
    background: args.background ?? backgroundOf(process.env),
    colours: process.stdout.isTTY ? colourDepth(process.env) : 'none',
  })
  const probe = args.probe && mode !== 'once'
  const source = new LiveSource(settings, systemClock, { probe })
  const start = startModel(settings)
  if (mode === 'screen') return runScreen(args, source, start, theme, ended)
  if (mode === 'once') {
    const { columns, rows } = process.stdout
    const size = { width: columns || onceSize.width, height: rows || onceSize.height }
    const { frame, code } = await runOnce({ source, clock: systemClock, start, theme, ...size })
    process.stdout.write(`${frame}\n`)
    process.exitCode = code
    return
  }
  await runPlain({
    source,
    clock: systemClock,
    start,
    write: text => process.stdout.write(text),
    format: mode === 'json' ? changeJson : changeText,
    ended,
  })
}

async function runScreen(
  args: Args,
  source: LiveSource,
  start: Model,
  theme: Theme,
  ended: Promise<void>,
): Promise<void> {
  const ui = { ...initialUi, ownsCluster: args.ownsCluster }
  const store = new Store(systemClock, start, ui, args.fps)
  const taken = new TakenScreen(process.stdout, process.stdin)
  const writer = new FrameWriter(process.stdout, () => taken.take())
  let quit: Local['quit'] = () => {}
  const asked = new Promise<'leave' | 'stop'>(done => {
    quit = done
  })
  const repaint = () => {
    writer.invalidate()
    store.change({ ...store.ui })
    ink.rerender(screen())
  }
  const suspended = {
    before: () => {
      writer.pause()
      taken.giveBack()
    },
    after: () => {
      taken.takeAgain()
      writer.resume()
      repaint()
    },
  }
  const suspension = new Suspension(process, suspended, systemClock.after)
  const controls = new Controls(store, source, systemClock, {
    repaint,
    suspend: () => suspension.suspend(),
    quit: cluster => quit(cluster),
  })
  const size = {
    columns: () => Math.max(smallest.columns, writer.columns),
    rows: () => Math.max(smallest.rows, writer.rows),
    subscribe: (listener: () => void) => {
      writer.on('resize', listener)
      return () => writer.off('resize', listener)
    },
  }
  const screen = () => <App store={store} size={size} theme={theme} onKey={controls.press} />
  const ink = render(screen(), {
    stdout: writer as unknown as NodeJS.WriteStream,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  })
  await source.start(store.tell)
  const cluster = await Promise.race([asked, ended])
  if (args.ownsCluster && cluster === 'leave') process.exitCode = leaveRunningExitCode
  suspension.end()
  store.stop()
  writer.close()
  try {
    ink.unmount()
  } catch {
    // The terminal is gone, and with it the mode that Ink wants to restore.
  }
  taken.giveBack()
  await source.stop()
}

function startModel({ cluster, loadBalancer, peers, supervisor }: Settings): Model {
  return emptyModel({
    now: systemClock.wall(),
    cluster,
    server: `https://${loadBalancer ?? peers[0]?.admin ?? ''}`,
    peers: peers.filter(peer => peer.name !== ''),
    supervised: supervisor !== undefined,
  })
}

/**
 * Resolves at SIGINT, SIGTERM or SIGHUP. The listeners stay: Ink's signal-exit kills the process at
 * once when it finds that nobody else listens, and the terminal would stay as it is.
 */
function untilSignal(): Promise<void> {
  return new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => done())
    }
  })
}

await main()
// A terminal that is gone makes Node 20 abort in `exit`, where it resets the terminal's mode.
if (process.stdout.isTTY && process.stdout.errored) process.kill(process.pid, 'SIGKILL')
// Open keep-alive connections must not hold the process after its work is done.
process.exit()
