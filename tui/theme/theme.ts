/** What a piece of text means; the theme says how that looks. Never colour alone: see glyphs. */
export type Style =
  | 'plain'
  | 'title'
  | 'edge'
  | 'edgeOdd'
  | 'focus'
  | 'leader'
  | 'ok'
  | 'pending'
  | 'warn'
  | 'down'
  | 'cut'
  | 'stale'
  | 'dim'
  | 'strong'
  | 'key'
  | 'alert'

/** Signs of one cell each; the ASCII set is for terminals where others are two cells wide. */
export interface Glyphs {
  readonly leader: string
  readonly follower: string
  readonly candidate: string
  readonly dead: string
  readonly paused: string
  readonly ring: string
  readonly ringCut: string
  readonly full: string
  readonly empty: string
  readonly spark: readonly string[]
  readonly running: string
  readonly pending: string
  readonly failing: string
  readonly lost: string
  readonly done: string
  /** Bars of the failover: detect, vote, commit, write, reconcile. */
  readonly segments: readonly [string, string, string, string, string]
  readonly box: Readonly<Record<'tl' | 'tr' | 'bl' | 'br' | 'h' | 'v', string>>
  readonly arrow: string
  readonly line: string
  readonly ellipsis: string
  readonly plusMinus: string
  readonly select: string
}

export interface Theme {
  readonly glyphs: Glyphs
  /** SGR that begins a style; empty without colour. */
  readonly sgr: Readonly<Record<Style, string>>
}

const unicode: Glyphs = {
  leader: '★',
  follower: '●',
  candidate: '◐',
  dead: '✖',
  paused: '‖',
  ring: '·',
  plusMinus: '±',
  ringCut: '╌',
  full: '█',
  empty: '░',
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  running: '■',
  pending: '◐',
  failing: '▲',
  lost: '▢',
  done: '□',
  segments: ['▓', '▒', '░', '█', '▚'],
  box: { tl: '╭', tr: '╮', bl: '╰', br: '╯', h: '─', v: '│' },
  arrow: '▶',
  line: '─',
  ellipsis: '…',
  select: '›',
}

const ascii: Glyphs = {
  leader: '*',
  follower: 'o',
  candidate: 'c',
  dead: 'x',
  paused: '=',
  ring: '.',
  plusMinus: '+-',
  ringCut: '~',
  full: '#',
  empty: '.',
  spark: ['_', '.', ',', '-', '=', '+', '*', '#'],
  running: '#',
  pending: 'c',
  failing: '!',
  lost: '?',
  done: '.',
  segments: ['#', '=', ':', '@', '%'],
  box: { tl: '+', tr: '+', bl: '+', br: '+', h: '-', v: '|' },
  arrow: '>',
  line: '-',
  ellipsis: '~',
  select: '>',
}

/** Okabe and Ito's set, safe for colour-blind people: 24-bit, and the nearest of 256. */
const colours = {
  blue: [[86, 180, 233], 74],
  green: [[0, 158, 115], 36],
  yellow: [[240, 228, 66], 227],
  orange: [[230, 159, 0], 178],
  vermillion: [[213, 94, 0], 166],
  purple: [[204, 121, 167], 175],
  grey: [[138, 138, 138], 245],
} as const satisfies Record<string, readonly [readonly [number, number, number], number]>

const looks: Readonly<Record<Style, readonly [keyof typeof colours | '', string]>> = {
  plain: ['', ''],
  title: ['', '1'],
  edge: ['grey', ''],
  edgeOdd: ['blue', '2'],
  focus: ['blue', '1'],
  leader: ['blue', '1'],
  ok: ['green', ''],
  pending: ['yellow', ''],
  warn: ['orange', ''],
  down: ['vermillion', '1'],
  cut: ['purple', '1'],
  stale: ['grey', ''],
  dim: ['grey', ''],
  strong: ['', '1'],
  key: ['blue', '1'],
  alert: ['orange', '7;1'],
}

export type ColourDepth = 'none' | '256' | 'true'

/** What this terminal can show. Source: no-color.org, FORCE_COLOR as of Node. */
export function colourDepth(env: Readonly<Record<string, string | undefined>>): ColourDepth {
  if (env.FORCE_COLOR === '0') return 'none'
  if (env.NO_COLOR && !env.FORCE_COLOR) return 'none'
  if (env.TERM === 'dumb' && !env.FORCE_COLOR) return 'none'
  return /^(truecolor|24bit)$/.test(env.COLORTERM ?? '') ? 'true' : '256'
}

export function makeTheme(options: {
  readonly ascii: boolean
  readonly colours: ColourDepth
}): Theme {
  const sgr = Object.fromEntries(
    Object.entries(looks).map(([style, [colour, extra]]) => {
      const codes = [extra, colour === '' ? '' : colourCode(colour, options.colours)]
      const code = codes.filter(Boolean).join(';')
      return [style, options.colours === 'none' || !code ? '' : `\x1b[${code}m`]
    }),
  ) as Record<Style, string>
  return { glyphs: options.ascii ? ascii : unicode, sgr }
}

function colourCode(colour: keyof typeof colours, depth: ColourDepth): string {
  const [rgb, indexed] = colours[colour]
  return depth === 'true' ? `38;2;${rgb.join(';')}` : `38;5;${indexed}`
}
