/** Source: apimachinery pkg/apis/meta/v1/validation FieldManagerMaxLength. */
export const managerBytesMax = 128

/** What Go's unicode.IsPrint takes: letters, marks, numbers, punctuation, symbols, the space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/**
 * Who writes: what the request says, or the beginning of its user agent.
 * Source: apiserver pkg/endpoints/handlers/create.go managerOrUserAgent.
 */
export function managerOf(fieldManager: string, userAgent: string): string {
  if (fieldManager !== '') return fieldManager
  let name = ''
  let bytes = 0
  for (const character of userAgent.split('/', 1)[0] ?? '') {
    if (!printable.test(character)) continue
    bytes += Buffer.byteLength(character)
    if (bytes > managerBytesMax) break
    name += character
  }
  return name === '' ? unknownManager : name
}

const unknownManager = 'unknown'

/** What nearly all names are made of. */
const usual = /^[ -~]{0,128}$/
const noMistakes: ManagerMistakes = { isTooLong: false, characters: [] }

/** What is wrong with a manager's name. Source: ValidateFieldManager. */
export interface ManagerMistakes {
  readonly isTooLong: boolean
  /** One text for each character that can't be printed. */
  readonly characters: readonly string[]
}

export function managerMistakes(name: string): ManagerMistakes {
  if (usual.test(name)) return noMistakes
  const characters: string[] = []
  let at = 0
  for (const character of name) {
    if (!printable.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      characters.push(`invalid character U+${code} (at position ${at})`)
    }
    at += Buffer.byteLength(character)
  }
  return { isTooLong: at > managerBytesMax, characters }
}
