import type { ApiResponse } from '../../api/http.ts'

/** Source: apiserver pkg/endpoints/filters/warning.go. */
const warningCharactersMax = 4 * 1024
const oneWarningCharactersMax = 256

/** Warnings of a decoded body as headers. Source: RFC 7234 5.5, code 299. */
export function warningHeaders(given: readonly string[]): Record<string, string> {
  if (given.length === 0) return {}
  const warnings = given.flatMap(linesOfYaml)
  const quote = (text: string) => text.replace(/["\\]/g, '\\$&')
  const total = warnings.reduce((sum, text) => sum + text.length, 0)
  const max = total > warningCharactersMax ? oneWarningCharactersMax : total
  const header = warnings
    // A key may hold what no header can. Source: apimachinery net.NewWarningHeader.
    .filter(text => !/[\u0000-\u001f\u007f]/.test(text))
    .map(text => `299 - "${quote(text.slice(0, max))}"`)
  const kept: string[] = []
  let left = warningCharactersMax
  for (const text of header) {
    left -= text.length
    if (left >= 0) kept.push(text)
  }
  // Headers are bytes: UTF-8 goes out as the characters of its bytes.
  return { warning: Buffer.from(kept.join(', '), 'utf8').toString('latin1') }
}

/**
 * What YAML's parser says in several lines is several warnings.
 * Source: apiserver pkg/endpoints/handlers/rest.go parseYAMLWarnings.
 */
function linesOfYaml(text: string): string[] {
  const [, lines] = yamlErrors.exec(text) ?? []
  return lines === undefined ? [text] : lines.split('\n').map(line => line.trim())
}

const yamlErrors = /^(?:error converting YAML to JSON: )?yaml: unmarshal errors:\n(.*)$/s

/** An answer with one more warning, before its own. */
export function withWarning(
  response: ApiResponse,
  { warning = '' }: Readonly<Record<string, string>>,
): ApiResponse {
  const own = response.headers.warning
  const all = own === undefined ? warning : `${warning}, ${own}`
  return { ...response, headers: { ...response.headers, warning: all } }
}
