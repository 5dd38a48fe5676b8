import stringWidth from 'string-width'

/** Also the dashboard's own signs, which are one cell each: measuring them is the costly part. */
const simple = /^[\x20-\x7e·±‖›…╌─-▟■□▢▲▶●◐★✖]*$/
/**
 * What has no cell of its own, or makes its neighbour two cells wide on some terminals and one on
 * others: joiners, variation selectors (U+FE0F), enclosing marks, skin tones, and what turns the
 * direction of writing. Sources: UAX #44 Default_Ignorable_Code_Point, UTS #51.
 */
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Me}\p{Emoji_Modifier}]/gu
/** Escape sequences begin with these; halves of characters and of flags have no agreed width. */
const control = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Regional_Indicator}\p{Noncharacter_Code_Point}]/gu
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** A number with its unit: cut in two it would be another one. */
const number = /\d[\d,.:]*(?:\s?(?:ms|MB|GB|kB|\/s|[smhdkMGT%])(?![a-z]))?/g

/** Text of others, as what every terminal draws in `widthOf` cells; no escape sequence gets by. */
export function safe(text: string): string {
  if (simple.test(text)) return text
  return text.replace(invisible, '').replace(control, ' ')
}

/** Cells that `text` takes: the only measure of the dashboard. */
export function widthOf(text: string): number {
  return simple.test(text) ? text.length : stringWidth(safe(text))
}

/** `text`, made safe, in at most `width` cells; a number that does not fit is left out whole. */
export function cut(anyText: string, width: number): string {
  if (width <= 0) return ''
  const text = safe(anyText)
  if (widthOf(text) <= width) return text
  const kept = simple.test(text) ? text.slice(0, width) : firstCells(text, width)
  for (const { 0: found, index } of text.matchAll(number)) {
    if (index >= kept.length) break
    if (index + found.length > kept.length) return kept.slice(0, index)
  }
  return kept
}

/** `text` in exactly `width` cells. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(short)))
  return align === 'left' ? short + space : space + short
}

function firstCells(text: string, width: number): string {
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
