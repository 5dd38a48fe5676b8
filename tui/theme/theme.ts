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
  readonly unknown: string
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
  unknown: '?',
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
  unknown: '?',
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

/** A colour of 24 bits, and the nearest of the 256 that is as readable. */
export interface Colour {
  readonly rgb: readonly [red: number, green: number, blue: number]
  readonly indexed: number
}

/** What a terminal draws on. */
export type Background = 'dark' | 'light'

/**
 * Okabe and Ito's set, safe for colour-blind people, made lighter or darker until each has a
 * contrast of 4.5 with its background (WCAG 2.1, 1.4.3).
 */
export const palettes = {
  dark: {
    blue: { rgb: [86, 180, 233], indexed: 74 },
    green: { rgb: [0, 170, 124], indexed: 36 },
    yellow: { rgb: [240, 228, 66], indexed: 227 },
    orange: { rgb: [230, 159, 0], indexed: 178 },
    vermillion: { rgb: [236, 108, 24], indexed: 202 },
    purple: { rgb: [204, 121, 167], indexed: 175 },
    grey: { rgb: [146, 146, 146], indexed: 246 },
  },
  light: {
    blue: { rgb: [0, 92, 158], indexed: 25 },
    green: { rgb: [0, 102, 74], indexed: 22 },
    yellow: { rgb: [104, 92, 0], indexed: 58 },
    orange: { rgb: [138, 84, 0], indexed: 94 },
    vermillion: { rgb: [170, 56, 0], indexed: 124 },
    purple: { rgb: [138, 52, 104], indexed: 90 },
    grey: { rgb: [92, 92, 92], indexed: 240 },
  },
} as const satisfies Record<Background, Record<string, Colour>>

type ColourName = keyof (typeof palettes)['dark']

/** Colour and attributes; never faint, for nobody knows what contrast is left of it. */
const looks: Readonly<Record<Style, readonly [ColourName | '', string]>> = {
  plain: ['', ''],
  title: ['', '1'],
  edge: ['grey', ''],
  edgeOdd: ['blue', ''],
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
export function colourDepth(env: Env): ColourDepth {
  if (env.FORCE_COLOR === '0') return 'none'
  if (env.NO_COLOR && !env.FORCE_COLOR) return 'none'
  if (env.TERM === 'dumb' && !env.FORCE_COLOR) return 'none'
  return /^(truecolor|24bit)$/.test(env.COLORTERM ?? '') ? 'true' : '256'
}

type Env = Readonly<Record<string, string | undefined>>

/** Terminals whose fonts have no more than their code page. */
const asciiTerminals = /^(linux|dumb|vt\d+|ansi|cons25)/

/**
 * Whether only ASCII is safe: the locale says so (POSIX: LC_ALL before LC_CTYPE before LANG), or
 * the kind of terminal. Without a locale, as in most containers, the terminal is another machine's.
 */
export function needsAscii(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (locale !== '' && !/utf-?8/i.test(locale)) return true
  return asciiTerminals.test(env.TERM ?? '')
}

/**
 * QUORATE_BACKGROUND, else what the terminal says in COLORFGBG (`15;0`, `0;default;15`: the last
 * number is the background's: 7 and 9 to 15 are light), else dark.
 */
export function backgroundOf(env: Env): Background {
  const wanted = env.QUORATE_BACKGROUND
  if (wanted === 'light' || wanted === 'dark') return wanted
  const number = /(?:^|;)(\d+)$/.exec(env.COLORFGBG ?? '')?.[1]
  return number !== undefined && (number === '7' || Number(number) >= 9) ? 'light' : 'dark'
}

export function makeTheme(options: {
  readonly ascii: boolean
  readonly colours: ColourDepth
  /** Default: dark. */
  readonly background?: Background
}): Theme {
  const palette = palettes[options.background ?? 'dark']
  const sgr = Object.fromEntries(
    Object.entries(looks).map(([style, [colour, extra]]) => {
      const codes = [extra, colour === '' ? '' : colourCode(palette[colour], options.colours)]
      const code = codes.filter(Boolean).join(';')
      return [style, options.colours === 'none' || !code ? '' : `\x1b[${code}m`]
    }),
  ) as Record<Style, string>
  return { glyphs: options.ascii ? ascii : unicode, sgr }
}

function colourCode({ rgb, indexed }: Colour, depth: ColourDepth): string {
  return depth === 'true' ? `38;2;${rgb.join(';')}` : `38;5;${indexed}`
}
