import { badRequest, StatusError } from '../../api/status.ts'

/**
 * A resourceVersion is the store's revision.
 * Source: apiserver pkg/storage/api_object_versioner.go.
 */

/** @throws StatusError 400 */
export function parseVersion(version: string): number {
  const value = Number(version)
  if (!/^\d+$/.test(version) || !Number.isSafeInteger(value)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${version}": ` +
        `strconv.ParseUint: parsing "${version}": invalid syntax`,
    )
  }
  return value
}

/** 504 for a version that the store has not reached. */
export function tooLargeVersion(wanted: number, current: number): StatusError {
  const message = `Too large resource version: ${wanted}, current: ${current}`
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `Timeout: ${message}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    code: 504,
  })
}
