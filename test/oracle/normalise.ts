/** What differs from run to run by the name of its field. Empty texts say something: they stay. */
const fields: Readonly<Record<string, (text: string) => string | undefined>> = {
  uid: () => 'UID',
  resourceVersion: text => (text === '' ? '' : 'RV'),
  continue: text => (text === '' ? '' : 'CONT'),
  token: () => 'TOKEN',
  clusterIP: text => (/^\d/.test(text) ? 'IP' : undefined),
}

/** The same by its looks, anywhere in a text; in this order, for a JWT may look like a time. */
const looks: readonly (readonly [RegExp, string])[] = [
  [/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-XXXXX'],
  [/\b(gen-|g{40,})[a-z0-9]{5}\b/g, '$1XXXXX'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'JWT'],
]

/** Cells of a printed table that are an age, or an address of a service network. */
const ageCell = /^\d+(s|m\d*s?)$/
const addressCell = /^10\.\d+\.\d+\.\d+$/

export interface Surroundings {
  /** The namespace of the step's scenario. */
  readonly namespace: string
  readonly server: URL
}

/** An answer with a word in place of whatever differs from run to run, as in the recording. */
export function normalise(value: unknown, around: Surroundings, key = ''): unknown {
  if (typeof value === 'string') return normaliseText(value, around, key)
  if (typeof value === 'number') return isPort(value, around, key) ? 0 : value
  if (Array.isArray(value)) return normaliseList(value, around, key)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([name, each]) => [name, normalise(each, around, name)]))
}

function normaliseText(text: string, { namespace, server }: Surroundings, key: string): string {
  const word = Object.hasOwn(fields, key) ? fields[key]!(text) : undefined
  if (word !== undefined) return word
  if (/^-----BEGIN|^LS0t/.test(text)) return 'PEM'
  const plain = text.replaceAll(namespace, () => '$NS').replaceAll(server.host, 'SERVER')
  return looks.reduce((rest, [look, name]) => rest.replace(look, name), plain)
}

function isPort(value: number, { server }: Surroundings, key: string): boolean {
  return key === 'nodePort' || key === 'healthCheckNodePort' || String(value) === server.port
}

function normaliseList(list: readonly unknown[], around: Surroundings, key: string): unknown[] {
  if (key === 'clusterIPs') return list.map(() => 'IP')
  if (key === 'cells') return list.map(cell => normaliseCell(cell, around))
  if (key === 'nonResourceRules') return sortedRules(list)
  return list.map(each => normalise(each, around))
}

function normaliseCell(cell: unknown, around: Surroundings): unknown {
  if (typeof cell !== 'string') return normalise(cell, around)
  if (ageCell.test(cell)) return 'AGE'
  if (addressCell.test(cell)) return 'IP'
  return normalise(cell.replace(/:3[0-2]\d{3}\//g, ':NODEPORT/'), around)
}

/** Rules of a SelfSubjectRulesReview come in no order. */
function sortedRules(rules: readonly unknown[]): unknown[] {
  const sorted = rules.map(rule => {
    const { nonResourceURLs = [], ...rest } = rule as { nonResourceURLs?: readonly string[] }
    return { ...rest, nonResourceURLs: [...nonResourceURLs].sort() }
  })
  return sorted.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
}
