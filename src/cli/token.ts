import { resolve } from 'node:path'
import { kinds } from '../api/kinds.ts'
import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import type { Client } from '../client/types.ts'
import { formatAddress } from '../config/ports.ts'
import { controlPlaneGroup, newJoinToken, tokenSecretName } from '../supervisor/join-tokens.ts'
import { adminTls } from '../supervisor/peers.ts'
import { openCluster, type PreparedCluster } from '../supervisor/prepare.ts'

/** `quorate token create`: a bootstrap token in kube-system, as kubeadm's. */
export async function createToken(options: {
  readonly data: string
  readonly controlPlane?: boolean
  readonly ttl: number
  readonly quiet?: boolean
}): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  const { client, close } = adminClient(cluster)
  try {
    const token = await issueToken(client, cluster, options.ttl, options.controlPlane ?? false)
    const { text } = token
    if (options.quiet) {
      process.stdout.write(`${text}\n`)
      return
    }
    const server = `https://${formatAddress(cluster.config.loadBalancer)}`
    const roles = options.controlPlane ? '' : ' --roles worker'
    process.stdout.write(
      `${text}\n\nOn the machine of the new peer, within ${options.ttl} s:\n` +
        `  quorate peer --name NAME --join ${server}${roles} --token ${text}\n`,
    )
  } finally {
    close()
  }
}

/** A client of the administrator, through the load balancer. */
export function adminClient(cluster: PreparedCluster): {
  readonly client: Client
  readonly close: () => void
} {
  const server = `https://${formatAddress(cluster.config.loadBalancer)}`
  const transport = httpsTransport({ servers: [server], ...adminTls(cluster.layout) })
  return {
    client: createClient(transport, { userAgent: 'quorate' }),
    close: () => transport.close(),
  }
}

/** Makes a token and keeps it as a Secret. Source: kubernetes.io, bootstrap tokens. */
export async function issueToken(
  client: Client,
  cluster: PreparedCluster,
  ttlSeconds: number,
  controlPlane: boolean,
): Promise<ReturnType<typeof newJoinToken>> {
  const token = newJoinToken(cluster.layout)
  const groups = ['system:bootstrappers:quorate', ...(controlPlane ? [controlPlaneGroup] : [])]
  await client.create(kinds.secrets, {
    metadata: { name: tokenSecretName(token.id), namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': token.id,
      'token-secret': token.secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': groups.join(','),
      expiration: new Date(Date.now() + ttlSeconds * 1_000).toISOString(),
    },
  })
  return token
}
