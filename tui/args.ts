import { parseArgs } from 'node:util'

export interface Args {
  readonly data: string
  readonly connect?: string
  readonly mode: 'auto' | 'plain' | 'json' | 'once'
  readonly ascii: boolean
  readonly fps: number
  readonly probe: boolean
  readonly help: boolean
}

export const usage = `quorate tui: the dashboard, attached to a running cluster

  --data DIR       folder of the cluster (default .quorate)
  --connect ADDR   admin address (host:port) of a peer; --data has the certificates
  --plain          one line per change: ts level peer message key=value
  --json           the same, one JSON object per line
  --once           one frame, then exit: 0 with quorum, 3 without
  --ascii          no signs that some terminals draw two cells wide
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
      fps: { type: 'string', default: '4' },
      'no-probe': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const fps = Number(values.fps)
  if (!(fps >= 1 && fps <= 30)) throw new Error(`--fps ${values.fps}: not between 1 and 30`)
  const { data, connect, ascii, help } = values
  const mode = values.once ? 'once' : values.json ? 'json' : values.plain ? 'plain' : 'auto'
  return { data, connect, mode, ascii, fps, probe: !values['no-probe'], help }
}
