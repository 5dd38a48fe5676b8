import { managerBytesMax, managerMistakes } from '../fieldmanagement/manager-name.ts'
import type { Json } from '../types.ts'
import type { Causes } from './causes.ts'

const subresourceBytesMax = 256

/**
 * Entries of `metadata.managedFields` that a client has written itself.
 * Source: apimachinery pkg/apis/meta/v1/validation ValidateManagedFields.
 */
export function validateManagedFields(entries: readonly Json[] | undefined, causes: Causes): void {
  for (const [index, entry] of (entries ?? []).entries()) {
    const { manager = '', subresource = '' } = entry as Record<string, string | undefined>
    const path = `metadata.managedFields[${index}]`
    const { isTooLong, characters } = managerMistakes(manager)
    if (isTooLong) causes.tooLong(`${path}.manager`, managerBytesMax)
    for (const text of characters) causes.invalid(`${path}.manager`, manager, text)
    if (Buffer.byteLength(subresource) > subresourceBytesMax) {
      causes.tooLong(`${path}.subresource`, subresourceBytesMax)
    }
  }
}
