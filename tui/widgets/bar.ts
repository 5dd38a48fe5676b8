import type { Style, Theme } from '../theme/theme.ts'
import { type Line, span } from './line.ts'

/** `width` cells, filled to `share` (0..1). */
export function bar(share: number, width: number, theme: Theme, style: Style): Line {
  const { full, empty } = theme.glyphs
  const filled = Math.max(0, Math.min(width, Math.round(share * width)))
  return [span(full.repeat(filled), style), span(empty.repeat(width - filled), 'dim')]
}

/** The newest `width` values as a little graph; the tallest is the largest of them. */
export function spark(values: readonly number[], width: number, theme: Theme): string {
  const { spark: steps } = theme.glyphs
  const shown = values.slice(-width)
  const top = Math.max(0, ...shown)
  const cells = shown.map(value => {
    const level = top === 0 ? 0 : Math.round((value / top) * (steps.length - 1))
    return steps[Math.max(0, level)] ?? ' '
  })
  return cells.join('').padStart(width, steps[0])
}
