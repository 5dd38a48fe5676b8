import { kinds } from '../../api/kinds.ts'
import { ensureInNamespace } from '../shared/per-namespace.ts'
import type { Controller } from '../types.ts'

const name = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal ' +
  'endpoints such as the internal service IP or kubernetes.default.svc. No other usage is ' +
  'guaranteed across distributions of Kubernetes clusters.'

/** The cluster's CA in every namespace. Source: pkg/controller/certificates/rootcacertpublisher. */
export const rootCa: Controller = ensureInNamespace({
  name: 'root-ca-certificate-publisher',
  kind: kinds.configMaps,
  object: name,
  build: (namespace, { rootCa: ca }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, annotations: { 'kubernetes.io/description': description } },
    data: { 'ca.crt': ca },
  }),
  matches: (object, { rootCa: ca }) => object.data?.['ca.crt'] === ca,
})
