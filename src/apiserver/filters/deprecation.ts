import type { ApiResponse } from '../../api/http.ts'
import { StatusError } from '../../api/status.ts'
import { statusResponse } from '../http/respond.ts'
import { warningHeaders, withWarning } from '../http/warnings.ts'
import type { Filter } from './attributes.ts'

/**
 * Every answer of a version that will go says so, refusals too.
 * Source: apiserver pkg/endpoints/installer.go, deprecation.WarningMessage.
 */
export const deprecation: Filter = (attributes, next) => {
  const { route } = attributes
  const { subresource = '', row } = route ?? {}
  // What is not there is not deprecated either.
  const isThere = subresource === '' || row?.subresources.some(({ name }) => name === subresource)
  const text = isThere ? route?.served?.deprecation : undefined
  return text === undefined ? next(attributes) : warned(next(attributes), text)
}

async function warned(answer: Promise<ApiResponse>, text: string): Promise<ApiResponse> {
  try {
    return withWarning(await answer, warningHeaders([text]))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return withWarning(statusResponse(error), warningHeaders([text]))
  }
}
