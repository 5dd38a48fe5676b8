import { isControllerEnabled } from '../config/controller-names.ts'
import { controllers } from '../controllers/table.ts'
import type { Controller } from '../controllers/types.ts'

/** The controllers that a configuration wants, in the order in which they start. */
export function enabledControllers(wanted: readonly string[]): readonly Controller[] {
  return Object.entries(controllers)
    .filter(([name]) => isControllerEnabled(name, wanted))
    .map(([, controller]) => controller)
}
