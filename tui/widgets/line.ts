import stringWidth from 'string-width'
import type { Style, Theme } from '../theme/theme.ts'

/** A piece of text in one style; never with control characters. */
export interface Span {
  readonly text: string
  readonly style: Style
}

/** One row of cells. Views return arrays of them; nothing wraps by itself. */
export type Line = readonly Span[]

/** Also the dashboard's own signs, which are one cell each: measuring them is the costly part. */
const simple = /^[\x20-\x7e·‖›…╌─-▟■□▢▲▶●◐★✖]*$/
const control = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]/g
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style }
}

/** Text of others: no escape sequence in an event's message may reach the terminal. */
export function safe(text: string): string {
  return text.replace(control, ' ')
}

/** Cells that `text` takes. */
export function widthOf(text: string): number {
  return simple.test(text) ? text.length : stringWidth(text)
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0)
}

/** `text` in at most `width` cells. */
export function cut(text: string, width: number): string {
  if (width <= 0) return ''
  if (widthOf(text) <= width) return text
  if (simple.test(text)) return text.slice(0, width)
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const cells = stringWidth(segment)
    if (used + cells > width) break
    kept += segment
    used += cells
  }
  return kept
}

/** `text` in exactly `width` cells. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(short)))
  return align === 'left' ? short + space : space + short
}

/** The line in exactly `width` cells: cut, or filled with blanks. */
export function fitted(line: Line, width: number): Line {
  const result: Span[] = []
  let left = width
  for (const part of line) {
    if (left <= 0) break
    const text = cut(part.text, left)
    left -= widthOf(text)
    result.push(text === part.text ? part : { ...part, text })
  }
  if (left > 0) result.push(span(' '.repeat(left)))
  return result
}

/** Left part, and a right part that is kept when both don't fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const tail = fitted(right, Math.min(lineWidth(right), width))
  return [...fitted(left, width - lineWidth(tail)), ...tail]
}

/** Exactly `height` lines of exactly `width` cells. */
export function block(lines: readonly Line[], width: number, height: number): Line[] {
  return Array.from({ length: Math.max(0, height) }, (_, row) => fitted(lines[row] ?? [], width))
}

/** Blocks next to each other; all of the same height. */
export function beside(...blocks: readonly (readonly Line[])[]): Line[] {
  const rows = Math.max(0, ...blocks.map(each => each.length))
  return Array.from({ length: rows }, (_, row) => blocks.flatMap(each => [...(each[row] ?? [])]))
}

/** The line as text for the terminal. */
export function paint(line: Line, theme: Theme): string {
  let text = ''
  for (const part of line) {
    const sgr = theme.sgr[part.style]
    text += sgr === '' ? part.text : `${sgr}${part.text}\x1b[0m`
  }
  return text
}
