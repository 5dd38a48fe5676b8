/**
 * The controllers as the key `controllers` calls them. Source: the names and aliases of upstream's
 * flag --controllers, cmd/kube-controller-manager/names.
 */
export const controllerNames = [
  ...['deployment', 'endpoint', 'endpointslice', 'endpointslicemirroring', 'garbagecollector'],
  ...['namespace', 'nodeipam', 'nodelifecycle', 'podgc', 'replicaset', 'root-ca-cert-publisher'],
  ...['serviceaccount', 'pvc-protection', 'pv-protection', 'volumeattributesclass-protection'],
]

/** `*` is all of them, `NAME` one more, `-NAME` not that one. */
export function isControllerEnabled(name: string, wanted: readonly string[]): boolean {
  if (wanted.includes(name)) return true
  return !wanted.includes(`-${name}`) && wanted.includes('*')
}

/** Whether an entry of the key means something. */
export function isControllerPattern(text: string): boolean {
  return text === '*' || controllerNames.some(name => name === text.replace(/^-/, ''))
}
