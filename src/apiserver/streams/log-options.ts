import { parseGoTime } from '../../api/schema/go-time.ts'
import { invalid } from '../../api/status.ts'
import { Causes } from '../../api/validation/causes.ts'
import { integerOf } from '../http/options.ts'

const streams = ['All', 'Stderr', 'Stdout']

/**
 * Checks the options of `pods/log`. Source: kubernetes pkg/apis/core/validation
 * ValidatePodLogOptions, pkg/registry/core/pod/rest/log.go.
 * @throws StatusError 400 for what is no number, 422
 */
export function checkLogOptions(name: string, query: URLSearchParams): void {
  const causes = new Causes()
  const atLeast = (field: string, min: number, text: string) => {
    const value = integerOf(query, field)
    if (value !== undefined && value < min) causes.invalid(field, value, text)
    return value !== undefined
  }
  atLeast('tailLines', 0, 'must be greater than or equal to 0')
  atLeast('limitBytes', 1, 'must be greater than 0')
  const time = query.get('sinceTime') ?? ''
  const hasSeconds = atLeast('sinceSeconds', 1, 'must be greater than 0')
  if (hasSeconds && time !== '') {
    causes.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  }
  if (time !== '' && !isTime(time)) {
    causes.invalid('sinceTime', time, 'must be a time of RFC 3339')
  }
  const stream = query.get('stream')
  if (stream !== null && !streams.includes(stream)) {
    causes.notSupported('stream', stream, streams)
  }
  if (causes.list.length > 0) {
    throw invalid({ group: '', kind: 'PodLogOptions' }, name, causes.list)
  }
}

function isTime(text: string): boolean {
  try {
    parseGoTime(text, 'time')
    return true
  } catch {
    return false
  }
}
