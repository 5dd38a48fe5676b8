import type { KubeObject } from '../../api/types.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './cluster-roles.ts'

/** The roles and bindings of a fresh cluster, made of their table. */

const rbacGroup = 'rbac.authorization.k8s.io'
const aggregate = `${rbacGroup}/aggregate-to-`

/** What stands for several verbs. */
const verbs: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
  all: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
}

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }

/** The lines of a table, those that go on joined. */
function linesOf(table: string): string[] {
  return table
    .trim()
    .replace(/\n {4}/g, '')
    .split('\n')
}

/** Heads, each with the rules below it. */
function blocksOf(table: string): { readonly head: string; readonly rules: unknown[] }[] {
  const blocks: { head: string; rules: unknown[] }[] = []
  for (const line of linesOf(table)) {
    if (line.startsWith(' ')) blocks.at(-1)?.rules.push(ruleOf(line.trim().split(' ')))
    else blocks.push({ head: line, rules: [] })
  }
  return blocks
}

function ruleOf([verbText = '', what = '', ...more]: string[]): unknown {
  const asked = verbText.split(',').flatMap(verb => verbs[verb] ?? [verb])
  const [resources, names] = more
  if (resources === undefined || what.startsWith('/')) {
    return { verbs: asked, nonResourceURLs: [what, ...more] }
  }
  return {
    verbs: asked,
    apiGroups: what.split(',').map(group => (group === 'core' ? '' : group)),
    resources: resources.split(','),
    ...(names === undefined ? {} : { resourceNames: names.split(',') }),
  }
}

export function defaultClusterRoles(): KubeObject[] {
  return blocksOf(clusterRoles).map(({ head, rules }) => {
    const [name = '', ...marks] = head.split(' ')
    const into = marks.filter(mark => mark.startsWith('+')).map(mark => mark.slice(1))
    const of = marks.find(mark => mark.startsWith('='))?.slice(1)
    const more = Object.fromEntries(into.map(role => [aggregate + role, 'true']))
    const selectors = of?.split(',').map(role => ({ matchLabels: { [aggregate + role]: 'true' } }))
    return {
      metadata: { name, labels: { ...labels, ...more }, annotations },
      ...(selectors === undefined
        ? { rules }
        : { aggregationRule: { clusterRoleSelectors: selectors } }),
    } as KubeObject
  })
}

const controllerRole = 'system:controller:'

/** Each controller has a role of its own, and a service account of the same name. */
export function defaultClusterRoleBindings(): KubeObject[] {
  const controllers = defaultClusterRoles()
    .map(({ metadata }) => metadata.name ?? '')
    .filter(name => name.startsWith(controllerRole))
    .map(name => `${name} ${name} sa:kube-system/${name.slice(controllerRole.length)}`)
  return [...linesOf(clusterRoleBindings), ...controllers].map(line => {
    const [name = '', role = '', ...subjects] = line.split(' ')
    return bindingOf({ name }, 'ClusterRole', role, subjects)
  })
}

export function defaultRoles(): KubeObject[] {
  return blocksOf(roles).map(({ head, rules }) => {
    return { metadata: { ...placeOf(head), labels, annotations }, rules } as KubeObject
  })
}

export function defaultRoleBindings(): KubeObject[] {
  return linesOf(roleBindings).map(line => {
    const [place = '', role = '', ...subjects] = line.split(' ')
    return bindingOf(placeOf(place), 'Role', role, subjects)
  })
}

function placeOf(text: string): { readonly namespace: string; readonly name: string } {
  const slash = text.indexOf('/')
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}

function bindingOf(
  place: { readonly namespace?: string; readonly name: string },
  kind: string,
  role: string,
  subjects: readonly string[],
): KubeObject {
  return {
    metadata: { ...place, labels, annotations },
    ...(subjects.length > 0 ? { subjects: subjects.map(subjectOf) } : {}),
    roleRef: { apiGroup: rbacGroup, kind, name: role },
  } as KubeObject
}

/** `user:NAME`, `group:NAME` or `sa:NAMESPACE/NAME`. */
function subjectOf(text: string): unknown {
  const colon = text.indexOf(':')
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)]
  if (kind === 'sa') return { kind: 'ServiceAccount', ...placeOf(name) }
  return { kind: kind === 'user' ? 'User' : 'Group', apiGroup: rbacGroup, name }
}
