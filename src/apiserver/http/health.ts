import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import type { Parts } from './context.ts'
import { jsonResponse, textResponse } from './respond.ts'

/** The Kubernetes version that the API is equal to. */
export const gitVersion = 'v1.35.4+quorate'

/** `/version`: major and minor are plain integers, as conformance wants them. */
export function version(): ApiResponse {
  return jsonResponse(200, {
    major: '1',
    minor: '35',
    emulationMajor: '1',
    emulationMinor: '35',
    minCompatibilityMajor: '1',
    minCompatibilityMinor: '34',
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '',
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  })
}

type Check = () => string | undefined

/** Says in health answers who leads: load balancers keep new connections away from that peer. */
export const roleHeader = 'x-quorate-role'

/** `/healthz`, `/livez`, `/readyz`, each with `/NAME` and `?verbose`; undefined for other paths. */
export function health(parts: Parts, request: ApiRequest): ApiResponse | undefined {
  const found = /^\/(healthz|livez|readyz)(?:\/(.+))?$/.exec(request.path)
  if (!found) return undefined
  const [, kind = '', only] = found
  const all = checksOf(parts, kind === 'readyz')
  const excluded = new Set(request.query.getAll('exclude'))
  const names = [...all.keys()].filter(name => only === undefined || only === name)
  if (names.length === 0) return textResponse(404, '404 page not found\n')
  const lines: string[] = []
  let failed = false
  for (const name of names) {
    const wrong = excluded.has(name) ? undefined : all.get(name)?.()
    if (wrong !== undefined) failed = true
    lines.push(wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: ${wrong}`)
  }
  const result = failed ? 'failed' : 'passed'
  const short = !failed && !request.query.has('verbose')
  const text = short ? 'ok' : `${lines.join('\n')}\n${kind} check ${result}\n`
  const answer = textResponse(failed ? 500 : 200, text)
  return { ...answer, headers: { ...answer.headers, [roleHeader]: parts.role() } }
}

/** The paths of all checks. */
export function healthPaths(parts: Parts): string[] {
  return ['healthz', 'livez', 'readyz'].flatMap(kind => [
    `/${kind}`,
    ...[...checksOf(parts, kind === 'readyz').keys()].map(name => `/${kind}/${name}`),
  ])
}

function checksOf({ cache, options, role }: Parts, ready: boolean): Map<string, Check> {
  const checks = new Map<string, Check>([['ping', () => undefined]])
  if (!ready) return checks
  checks.set('etcd', () => (role() === 'unknown' ? 'the store has no leader' : undefined))
  checks.set('watch-cache', () => (cache.synced ? undefined : 'not synced with the store'))
  for (const [name, check] of Object.entries(options.readyChecks ?? {})) checks.set(name, check)
  return checks
}
