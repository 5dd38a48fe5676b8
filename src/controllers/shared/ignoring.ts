import type { StatusReason } from '../../api/objects.ts'
import { isStatusReason } from '../../api/status.ts'

/**
 * Awaits a write whose refusal for one of `reasons` means that somebody was quicker: the object is
 * gone, or is another one by now. Anything else is thrown.
 */
export async function ignoring(
  reasons: readonly StatusReason[],
  write: Promise<unknown>,
): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!reasons.some(reason => isStatusReason(error, reason))) throw error
  }
}
