import { expect, test } from 'vitest'
import { parse } from '../../tui/args.ts'
import {
  backgroundOf,
  type Colour,
  makeTheme,
  needsAscii,
  palettes,
  type Style,
} from '../../tui/theme/theme.ts'

type Rgb = readonly [number, number, number]

/** Black, and what dark themes use; white, and Solarized's light. */
const backgrounds: Readonly<Record<keyof typeof palettes, readonly Rgb[]>> = {
  dark: [
    [0, 0, 0],
    [30, 30, 30],
  ],
  light: [
    [255, 255, 255],
    [253, 246, 227],
  ],
}

/** Source: WCAG 2.1, relative luminance and contrast ratio. */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map(value => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Source: xterm's 256 colours: a cube from 16 on, greys from 232 on. */
function ofIndex(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10
    return [grey, grey, grey]
  }
  const step = (value: number) => (value === 0 ? 0 : 55 + value * 40)
  const cube = index - 16
  return [step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6)]
}

const rows = Object.entries(palettes).flatMap(([background, colours]) =>
  Object.entries(colours).map(
    ([name, colour]) => [background as keyof typeof palettes, name, colour as Colour] as const,
  ),
)

test('the measure of contrast is that of the standard', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5)
  expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2)
})

test.each(rows)('on %s, %s has a contrast of at least 4.5', (background, _name, colour) => {
  for (const behind of backgrounds[background]) {
    expect(contrast(colour.rgb, behind)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(ofIndex(colour.indexed), behind)).toBeGreaterThanOrEqual(4.5)
  }
})

test('every colour of a theme is one of its palette, and none is faint', () => {
  for (const background of ['dark', 'light'] as const) {
    const known = Object.values(palettes[background]).map(({ rgb }) => `38;2;${rgb.join(';')}`)
    const { sgr } = makeTheme({ ascii: false, colours: 'true', background })
    for (const [style, code] of Object.entries(sgr) as [Style, string][]) {
      const colour = /38;2;\d+;\d+;\d+/.exec(code)?.[0]
      if (colour !== undefined) expect(known, style).toContain(colour)
      const attributes = code.replace(colour ?? '', '').replace(/[^\d;]/g, '')
      expect(attributes.split(';'), style).not.toContain('2')
    }
  }
})

test.each([
  [{}, 'dark'],
  [{ COLORFGBG: '15;0' }, 'dark'],
  [{ COLORFGBG: '0;15' }, 'light'],
  [{ COLORFGBG: '0;default;15' }, 'light'],
  [{ COLORFGBG: '0;7' }, 'light'],
  [{ COLORFGBG: '7;8' }, 'dark'],
  [{ COLORFGBG: 'default;default' }, 'dark'],
  [{ COLORFGBG: '0;15', QUORATE_BACKGROUND: 'dark' }, 'dark'],
  [{ QUORATE_BACKGROUND: 'light' }, 'light'],
] as const)('%j is %s', (env, background) => {
  expect(backgroundOf(env)).toBe(background)
})

test.each([
  [{}, false],
  [{ LANG: 'C' }, true],
  [{ LANG: 'POSIX' }, true],
  [{ LANG: 'en_US.UTF-8' }, false],
  [{ LANG: 'C.utf8' }, false],
  [{ LANG: 'de_DE.ISO-8859-1' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, true],
  [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, false],
  [{ TERM: 'linux', LANG: 'en_US.UTF-8' }, true],
  [{ TERM: 'vt220' }, true],
  [{ TERM: 'xterm-256color' }, false],
] as const)('%j needs ASCII: %s', (env, ascii) => {
  expect(needsAscii(env)).toBe(ascii)
})

test('the flag is checked', () => {
  expect(parse(['--background', 'light']).background).toBe('light')
  expect(parse([]).background).toBeUndefined()
  expect(() => parse(['--background', 'blue'])).toThrow('--background blue: not light or dark')
})
