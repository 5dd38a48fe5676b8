import { Registry } from 'prom-client'
import { errorMessage } from '../../kernel/result.ts'
import { registerStoreMetrics } from '../../store/metrics.ts'
import { apiVersion } from '../api-version.ts'
import { type Context, granted } from '../context.ts'

/** What is answered for a path. */
export interface Page {
  readonly code: number
  readonly type: string
  readonly body: string
}

/** The answer for a path and its query, or undefined when there is no such page. */
export type Pages = (path: string, query: URLSearchParams) => Promise<Page | undefined>

/** Undefined: it holds; else why it does not. */
type Check = (context: Context) => Promise<string | undefined> | string | undefined

const checks = {
  data_corruption: ({ options }) => {
    const corrupt = options.store.alarms().find(({ alarm }) => alarm === 'CORRUPT')
    return corrupt === undefined ? undefined : 'alarm activated: CORRUPT'
  },
  serializable_read: context => canRead(context, true),
  linearizable_read: context => canRead(context, false),
  non_learner: context => (context.isLearner() ? 'local member is learner' : undefined),
} satisfies Record<string, Check>
type CheckName = keyof typeof checks

/** What each of the roots asks. Source: etcd server/etcdserver/api/etcdhttp/health.go. */
const roots: ReadonlyMap<string, readonly CheckName[]> = new Map([
  ['/livez', ['serializable_read']],
  ['/readyz', ['data_corruption', 'serializable_read', 'linearizable_read', 'non_learner']],
])

/** etcd's pages for people, load balancers and Prometheus. */
export function createPages(context: Context): Pages {
  const registry = new Registry()
  const refresh = registerStoreMetrics(registry, context.options.store)
  const fixed = new Map<string, (query: URLSearchParams) => Promise<Page>>([
    ['/health', query => health(context, query)],
    ['/version', async () => version()],
    [
      '/metrics',
      async () => {
        await refresh()
        return { code: 200, type: registry.contentType, body: await registry.metrics() }
      },
    ],
  ])
  return async (path, query) => {
    const page = fixed.get(path)
    if (page !== undefined) return page(query)
    const names = checksOf(path, new Set(query.getAll('exclude')))
    return names && checked(context, names, query.has('verbose'))
  }
}

/** Those of a root without what is excluded, or the one below a root that is asked for. */
function checksOf(path: string, excluded: ReadonlySet<string>): readonly CheckName[] | undefined {
  const root = roots.get(path)
  if (root !== undefined) return root.filter(name => !excluded.has(name))
  const [, parent, name, ...more] = path.split('/')
  if (more.length > 0) return undefined
  const one = roots.get(`/${parent}`)?.find(each => each === name)
  return one && [one]
}

async function checked(
  context: Context,
  names: readonly CheckName[],
  verbose: boolean,
): Promise<Page> {
  let report = ''
  let isWell = true
  for (const name of names) {
    const failure = await checks[name](context)
    isWell &&= failure === undefined
    report += failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${failure}\n`
  }
  if (!isWell) return text(503, `${report}\n`)
  return text(200, verbose ? `${report}ok\n` : 'ok\n')
}

async function health(context: Context, query: URLSearchParams): Promise<Page> {
  const excluded = new Set(query.getAll('exclude'))
  const serializable = query.get('serializable') === 'true'
  const reason = await illness(context, excluded, serializable)
  const body = JSON.stringify({ health: String(reason === ''), reason })
  return reason === '' ? text(200, body) : text(503, `${body}\n`)
}

async function illness(
  context: Context,
  excluded: ReadonlySet<string>,
  serializable: boolean,
): Promise<string> {
  const alarm = context.options.store.alarms().find(each => !excluded.has(each.alarm))
  if (alarm !== undefined) return `ALARM ${alarm.alarm}`
  if (!serializable && !context.position.hasLeader) return 'RAFT NO LEADER'
  const failure = await canRead(context, serializable)
  return failure === undefined ? '' : `RANGE ERROR:${failure}`
}

async function canRead(context: Context, serializable: boolean): Promise<string | undefined> {
  const op = { type: 'range', key: '\0', limit: 1, keysOnly: true } as const
  try {
    granted(await context.options.store.range(op, { serializable }))
    return undefined
  } catch (error) {
    return errorMessage(error)
  }
}

/** `storage` is etcd's own word for the format of its files, which ours are not. */
function version(): Page {
  const cluster = apiVersion.replace(/\.\d+$/, '.0')
  const body = JSON.stringify({ etcdserver: apiVersion, etcdcluster: cluster, storage: cluster })
  return { code: 200, type: 'application/json', body }
}

function text(code: number, body: string): Page {
  return { code, type: 'text/plain; charset=utf-8', body }
}
