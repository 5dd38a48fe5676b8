import type { Causes } from './causes.ts'
import { downwardFile } from './downward.ts'
import { keyToPath, validateMode } from './files.ts'
import { each, type Loose } from './loose.ts'
import { validateFilePath } from './paths.ts'
import { present } from './rules.ts'

/** Source: kubernetes pkg/apis/core/validation/validation.go validateProjectionSources. */

const secondsMin = 600
const secondsMax = 2 ** 32

export function validateProjected(
  { sources, defaultMode }: Loose,
  at: string,
  causes: Causes,
): void {
  validateMode(defaultMode, `${at}.defaultMode`, causes)
  const seen = new Set<string>()
  /** No two files may have one path; `value` is what upstream complains of. */
  const unique = (path: string, value: unknown) => {
    if (path === '') return
    if (seen.has(path)) causes.invalid(at, value, 'conflicting duplicate paths')
    seen.add(path)
  }
  each(sources as Loose[], `${at}.sources`, (source, here) => {
    for (const kind of ['secret', 'configMap'] as const) {
      const files = source[kind]
      if (files === undefined) continue
      present(files.name, `${here}.${kind}.name`, causes)
      each(files.items as Loose[], `${here}.${kind}.items`, (item, path) => {
        keyToPath(item, path, causes)
        unique(item.path ?? '', files.name ?? '')
      })
    }
    for (const file of source.downwardAPI?.items ?? []) {
      downwardFile(file, `${here}.downwardAPI`, causes)
      unique(file.path ?? '', file.path)
    }
    if (source.serviceAccountToken) {
      validateToken(source.serviceAccountToken, at, `${here}.serviceAccountToken`, causes)
    }
    if (Object.keys(source).length > 1) {
      causes.forbidden(here, 'may not specify more than 1 volume type per source')
    }
  })
}

/** Upstream names the volume for the path, the source for the rest. */
function validateToken(token: Loose, volume: string, at: string, causes: Causes): void {
  const { expirationSeconds: seconds = 0, path = '' } = token
  const field = `${at}.expirationSeconds`
  if (seconds < secondsMin) {
    causes.invalid(field, seconds, 'may not specify a duration less than 10 minutes')
  }
  if (seconds > secondsMax) {
    causes.invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')
  }
  if (present(path, `${volume}.path`, causes)) validateFilePath(path, `${volume}.path`, causes)
}
