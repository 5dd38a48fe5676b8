import type { Style, Theme } from '../theme/theme.ts'
import { block, type Line, span } from './line.ts'
import { cut, widthOf } from './text.ts'

/** What a panel's frame needs to know. */
export interface PanelOptions {
  readonly title: string
  /** At the right end of the top edge. */
  readonly note?: string
  readonly width: number
  readonly height: number
  readonly theme: Theme
  readonly focused?: boolean
  readonly edge?: Style
}

/** A frame with its title in the top edge, around lines that are cut to fit. */
export function panel(options: PanelOptions, lines: readonly Line[]): Line[] {
  const { width, height, theme, focused } = options
  const { tl, tr, bl, br, h, v } = theme.glyphs.box
  const edge: Style = focused ? 'focus' : (options.edge ?? 'edge')
  const inner = Math.max(0, width - 2)
  const title = cut(options.title, Math.max(0, inner - 4))
  const room = inner - widthOf(title) - 6
  const note = options.note ? cut(options.note, Math.max(0, room - 3)) : ''
  const noteCells = note ? widthOf(note) + 3 : 0
  const fill = Math.max(0, inner - widthOf(title) - 3 - noteCells)
  const top: Line = [
    span(`${tl}${h} `, edge),
    span(title, focused ? 'focus' : 'title'),
    span(` ${h.repeat(fill)}`, edge),
    ...(note ? [span(` ${note} `, 'dim'), span(h, edge)] : []),
    span(tr, edge),
  ]
  const body = block(lines, Math.max(0, inner), height - 2).map(
    (line): Line => [span(v, edge), ...line, span(v, edge)],
  )
  const bottom: Line = [span(`${bl}${h.repeat(inner)}${br}`, edge)]
  return [top, ...body, bottom].slice(0, height)
}

/** A column of a table. */
export interface Column {
  readonly title: string
  readonly width: number
  readonly align?: 'left' | 'right'
}
