import { StatusError } from '../../api/status.ts'
import { statusResponse } from '../http/respond.ts'
import { warningHeaders, withWarning } from '../http/warnings.ts'
import type { Filter } from './attributes.ts'

/**
 * Every answer of a version that will go says so, refusals too.
 * Source: apiserver pkg/endpoints/installer.go, deprecation.WarningMessage.
 */
export const deprecation: Filter = async (attributes, next) => {
  const text = attributes.route?.served?.deprecation
  if (text === undefined) return next(attributes)
  try {
    return withWarning(await next(attributes), warningHeaders([text]))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return withWarning(statusResponse(error), warningHeaders([text]))
  }
}
