import { parseArgs } from 'node:util'
import type { Background } from './theme/theme.ts'

export interface Args {
  readonly data: string
  readonly connect?: string
  readonly mode: 'auto' | 'plain' | 'json' | 'once'
  readonly ascii: boolean
  /** Absent: as the environment says. */
  readonly background?: Background
  readonly fps: number
  readonly probe: boolean
  /** Of `up`: the cluster ends with the dashboard unless it is left running; not for people. */
  readonly ownsCluster: boolean
  readonly help: boolean
}

export const usage = `quorate tui: the dashboard, attached to a running cluster

  --data DIR       folder of the cluster (default .quorate)
  --connect ADDR   admin address (host:port) of a peer; --data has the certificates
  --plain          one line per change: ts level peer message key=value
  --json           the same, one JSON object per line
  --once           one frame, then exit: 0 with quorum, 3 without
  --ascii          no signs that some terminals draw two cells wide; by itself where the locale
                   is not UTF-8, and on the Linux console
  --background B   light or dark; else QUORATE_BACKGROUND, else COLORFGBG, else dark
  --fps N          frames a second when nothing happens, 1 to 30 (default 4)
  --no-probe       write nothing to the cluster: no stopwatch of writes
  --help           this text
`

/** @throws Error that names the flag. */
export function parse(argv: readonly string[]): Args {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      data: { type: 'string', default: '.quorate' },
      connect: { type: 'string' },
      plain: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      ascii: { type: 'boolean', default: false },
      background: { type: 'string' },
      fps: { type: 'string', default: '4' },
      'owns-cluster': { type: 'boolean', default: false },
      'no-probe': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const fps = Number(values.fps)
  if (!(fps >= 1 && fps <= 30)) throw new Error(`--fps ${values.fps}: not between 1 and 30`)
  const { data, connect, ascii, help, background } = values
  if (background !== undefined && background !== 'light' && background !== 'dark') {
    throw new Error(`--background ${background}: not light or dark`)
  }
  const mode = values.once ? 'once' : values.json ? 'json' : values.plain ? 'plain' : 'auto'
  const probe = !values['no-probe']
  const ownsCluster = values['owns-cluster']
  return { data, connect, mode, ascii, background, fps, probe, help, ownsCluster }
}
