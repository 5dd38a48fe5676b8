import type { Key } from 'ink'

/** Names of what is not a character, by Ink's flags. */
const named: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['return', 'enter'],
  ['escape', 'escape'],
]

/**
 * Names of the keys in one piece of input, as in the key table. Fast keys arrive together (`jjj`),
 * so that one piece may be several.
 */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  for (const [flag, name] of named) if (key[flag]) return [name]
  if (key.ctrl) return [`ctrl-${input}`]
  const characters = [...input].map(each => (each === '\r' ? 'enter' : each))
  // Escape and a fast key after it look like one key with Alt.
  return key.meta ? ['escape', ...characters] : characters
}
