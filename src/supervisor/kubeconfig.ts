import { stringify } from 'yaml'
import type { KeyPair } from '../pki/authority.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A kubeconfig with everything inside. Source: client-go clientcmd/api/v1 Config. */
export function formatKubeconfig(options: {
  readonly cluster: string
  /** https://host:port of the load balancer: it stays right whichever peer dies. */
  readonly server: string
  readonly ca: string
  readonly user: string
  readonly credentials: KeyPair
}): string {
  const { cluster, user } = options
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.ca) },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(options.credentials.cert),
          'client-key-data': base64(options.credentials.key),
        },
      },
    ],
    contexts: [{ name: cluster, context: { cluster, user } }],
    'current-context': cluster,
  })
}
