import type { Causes } from './causes.ts'
import type { Loose } from './loose.ts'
import { validateFilePath } from './paths.ts'
import { present } from './rules.ts'

/** Files that volumes make. Source: kubernetes pkg/apis/core/validation/validation.go. */

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'

export function validateMode(mode: number | undefined, at: string, causes: Causes): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) causes.invalid(at, mode, modeText)
}

/** Source: validateKeyToPath. */
export function keyToPath({ key, path = '', mode }: Loose, at: string, causes: Causes): void {
  present(key, `${at}.key`, causes)
  present(path, `${at}.path`, causes)
  validateFilePath(path, `${at}.path`, causes)
  validateMode(mode, `${at}.mode`, causes)
}
