import { expect, test } from 'vitest'
import { defaultPriorityLevels } from '../../../src/apiserver/bootstrap/flow-defaults.ts'
import {
  defaultClusterRoleBindings,
  defaultClusterRoles,
  defaultRoleBindings,
  defaultRoles,
} from '../../../src/apiserver/bootstrap/rbac-defaults.ts'

const named = (objects: readonly { metadata: { name?: string } }[], name: string) =>
  objects.find(({ metadata }) => metadata.name === name)

test('the roles of a fresh cluster, in number', () => {
  expect(defaultClusterRoles()).toHaveLength(68)
  expect(defaultClusterRoleBindings()).toHaveLength(49)
  expect(defaultRoles()).toHaveLength(7)
  expect(defaultRoleBindings()).toHaveLength(6)
})

test('rules of resources, of paths, of names, and roles made of others', () => {
  const roles = defaultClusterRoles()
  expect(named(roles, 'cluster-admin')).toMatchObject({
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  })
  expect(named(roles, 'edit')).toMatchObject({
    metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } },
    aggregationRule: {
      clusterRoleSelectors: [
        { matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
      ],
    },
  })
  expect(named(roles, 'system:discovery')).toMatchObject({
    rules: [{ verbs: ['get'], nonResourceURLs: expect.arrayContaining(['/api', '/version/']) }],
  })
  expect(named(defaultRoles(), 'extension-apiserver-authentication-reader')).toMatchObject({
    metadata: { namespace: 'kube-system' },
    rules: [{ resourceNames: ['extension-apiserver-authentication'] }],
  })
})

test('every rule says what it is about', () => {
  const rules = [...defaultClusterRoles(), ...defaultRoles()].flatMap(({ rules = [] }) => rules)
  for (const { verbs, resources, nonResourceURLs, apiGroups } of rules) {
    expect(verbs.length).toBeGreaterThan(0)
    if (nonResourceURLs === undefined) {
      expect(resources.every((name: string) => name !== '')).toBe(true)
      expect(apiGroups.length).toBeGreaterThan(0)
    } else expect(nonResourceURLs.every((path: string) => /^[/*]/.test(path))).toBe(true)
  }
})

test('a controller is bound to the role of its name', () => {
  expect(named(defaultClusterRoleBindings(), 'system:controller:job-controller')).toMatchObject({
    roleRef: { kind: 'ClusterRole', name: 'system:controller:job-controller' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'kube-system', name: 'job-controller' }],
  })
})

test('what is exempt has no limits, and what is limited queues or refuses', () => {
  const types = defaultPriorityLevels().map(({ metadata, spec }) => [metadata.name, spec?.type])
  expect(types.filter(([, type]) => type === 'Exempt')).toEqual([['exempt', 'Exempt']])
  expect(types).toHaveLength(8)
})
