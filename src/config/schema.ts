import { z } from 'zod'
import { controllerNames, isControllerPattern } from './controller-names.ts'
import { wrongPeerName } from './names.ts'

/**
 * The file as people write it: everything but the peers' names has a default. A key that is not
 * listed is refused, because a typo must not become a default.
 */

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a DNS label: a-z, 0-9 and "-", at most 63')

export const addressPattern = /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/
const address = z
  .string()
  .regex(addressPattern, { error: 'host:port', abort: true })
  .refine(text => {
    const port = Number(addressPattern.exec(text)?.[2])
    return port >= 1 && port <= 65_535
  }, 'host:port with a port from 1 to 65535')

/** `uid` or `uid:gid`: names are those of an image, of which there is none. */
const userPattern = /^\d{1,9}(:\d{1,9})?$/

const cidr = z
  .string()
  .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, 'an IPv4 network such as 10.244.0.0/16')

const quantity = z
  .string()
  .regex(/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'a quantity such as 4, 500m or 8Gi')

const milliseconds = z.int('whole milliseconds').min(1).max(3_600_000)

const taint = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
})

const peer = z.strictObject({
  name: dnsLabel.refine(name => wrongPeerName(name) === undefined, {
    error: issue => wrongPeerName(String(issue.input)),
  }),
  ordinal: z.int().min(0).max(63).optional(),
  roles: z
    .array(z.enum(['control-plane', 'worker']))
    .min(1)
    .default(['control-plane', 'worker']),
  mesh: address.optional(),
  api: address.optional(),
  etcd: address.optional(),
  admin: address.optional(),
  labels: z.record(z.string(), z.string()).default({}),
  taints: z.array(taint).default([]),
  capacity: z.record(z.string(), quantity).default({}),
})

/**
 * Times of the consensus by profile. `wan`: peers in different places, round trips of up to 100 ms;
 * an election then takes seconds, as etcd's tuning guide advises (ten round trips at least).
 */
export const profiles = {
  lan: { heartbeatMs: 50, electionTimeoutMinMs: 300, electionTimeoutMaxMs: 600 },
  wan: { heartbeatMs: 250, electionTimeoutMinMs: 1_500, electionTimeoutMaxMs: 3_000 },
} as const

const timings = z.strictObject({
  profile: z.enum(['lan', 'wan']).default('lan'),
  heartbeatMs: milliseconds.optional(),
  electionTimeoutMinMs: milliseconds.optional(),
  electionTimeoutMaxMs: milliseconds.optional(),
  mainThreadStallMs: milliseconds.default(5_000),
  nodeLeaseRenewMs: milliseconds.default(2_000),
  nodeStatusMs: milliseconds.default(10_000),
  nodeMonitorGraceMs: milliseconds.default(8_000),
  podEvictionSeconds: z.int().min(0).max(86_400).default(5),
})

/** A list alone is the entry point. */
const image = z.union(
  [
    z
      .array(z.string())
      .min(1)
      .transform(entrypoint => ({ entrypoint, cmd: [], env: {} })),
    z.strictObject({
      entrypoint: z.array(z.string()).default([]),
      cmd: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
      user: z.string().regex(userPattern).optional(),
    }),
  ],
  'a command line, or {entrypoint, cmd, env, user} with a user such as "1000" or "1000:3000"',
)

const endpoint = z
  .string()
  .regex(/^https?:\/\/(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}\/?$/, 'https://host:port')

const datastore = z.discriminatedUnion(
  'driver',
  [
    z.strictObject({ driver: z.literal('embedded') }),
    z.strictObject({
      driver: z.literal('etcd'),
      endpoints: z.array(endpoint).min(1, 'one or more of https://host:port'),
      ca: z.string().min(1).optional(),
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
      prefix: z.string().default(''),
    }),
  ],
  'an object with the driver "embedded" or "etcd"',
)

export const clusterSchema = z.strictObject({
  name: dnsLabel.default('quorate'),
  peers: z.array(peer).min(1).max(64),
  portBase: z.int().min(1_024).max(65_000).default(6_440),
  loadBalancer: address.optional(),
  supervisor: address.optional(),
  timings: timings.prefault({}),
  networks: z
    .union(
      [z.literal('auto'), z.strictObject({ nodes: cidr, pods: cidr, services: cidr })],
      '"auto" or {nodes, pods, services} with one IPv4 network each',
    )
    .default('auto'),
  clusterDomain: z.string().min(1).default('cluster.local'),
  proxyMode: z.enum(['userspace', 'iptables', 'ipvs', 'nftables']).default('userspace'),
  runtime: z.enum(['process', 'cri', 'simulated']).default('process'),
  images: z.record(z.string(), image).default({}),
  datastore: datastore.default({ driver: 'embedded' }),
  controllers: z
    .array(
      z.string().refine(isControllerPattern, {
        error: `"*", or one of ${controllerNames.join(', ')}, with "-" before it to leave it out`,
      }),
    )
    .default(['*']),
  scheduler: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  store: z
    .strictObject({
      snapshotEntries: z.int().min(100).max(10_000_000).default(10_000),
      quotaBytes: z
        .int()
        .min(1 << 20)
        .default(8 * 2 ** 30),
      autoCompaction: z
        .strictObject({
          mode: z.enum(['periodic', 'revision', 'off']).default('periodic'),
          retention: z.int('whole milliseconds or revisions').min(1).default(300_000),
        })
        .prefault({}),
    })
    .prefault({}),
})

export type ClusterFile = z.infer<typeof clusterSchema>
