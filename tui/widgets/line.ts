import type { Style, Theme } from '../theme/theme.ts'
import { cut, safe, widthOf } from './text.ts'

/** A piece of text in one style; never with control characters. */
export interface Span {
  readonly text: string
  readonly style: Style
}

/** One row of cells. Views return arrays of them; nothing wraps by itself. */
export type Line = readonly Span[]

/** Whatever the text is and whoever wrote it: the span holds what is safe to draw. */
export function span(text: string, style: Style = 'plain'): Span {
  return { text: safe(text), style }
}

/** The line as it was once: nothing in it looks current. */
export function faded(line: Line): Line {
  return line.map(({ text }) => ({ text, style: 'stale' }))
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0)
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
