import type { Prng } from '../../src/kernel/prng.ts'
import type { OpenReplicaOptions } from '../../src/store/open.ts'
import type { NemesisPlan } from './nemesis.ts'
import type { NetworkFaults } from './network.ts'

/** A kind of world; seeds draw one, and vary it. */
export interface Scenario {
  readonly name: string
  readonly peers: number
  readonly clients: number
  /** Longest pause of a client between requests. */
  readonly thinkMs: number
  readonly durationMs: number
  readonly network: NetworkFaults
  readonly nemesis: NemesisPlan
  readonly crashInSyncRatio: number
  /** This share of given votes is followed by a crash of the voter, which is back at once. */
  readonly crashAfterVoteRatio?: number
  /** This share of those crashes takes the disk as well, where the others know it. */
  readonly wipeAfterVoteRatio?: number
  readonly replica: Partial<OpenReplicaOptions>
}

const calm: NetworkFaults = {
  dropRatio: 0,
  duplicateRatio: 0,
  delayMsMax: 0.5,
  spikeRatio: 0,
  spikeMs: 0,
}
const rough: NetworkFaults = {
  dropRatio: 0.03,
  duplicateRatio: 0.03,
  delayMsMax: 4,
  spikeRatio: 0.02,
  spikeMs: 200,
}
const mixed: NemesisPlan = {
  everyMs: 250,
  downMsMax: 1_500,
  weights: {
    ...{ crash: 2, 'crash-leader': 2, isolate: 1, 'isolate-leader': 2, split: 1, 'one-way': 1 },
    ...{ heal: 4, sleep: 1, 'slow-disk': 1, transfer: 1, 'false-alarm': 1, replace: 1, wipe: 1 },
  },
}
const small: Partial<OpenReplicaOptions> = {
  walSegmentBytes: 8 * 1024,
  snapshotEveryEntries: 60,
  // Filled and dead within a run, as those of production are within a day.
  mvcc: { slabBytes: 512, stepRows: 10 },
  compaction: { mode: 'periodic', retention: 600 },
  // Coarser than in production, for speed.
  timings: { tickMs: 20 },
}

const scenarios: readonly Scenario[] = [
  {
    ...{ name: 'crashes', peers: 3, clients: 5, thinkMs: 15, durationMs: 5_000 },
    ...{ network: calm, crashInSyncRatio: 0.002, replica: small },
    nemesis: { ...mixed, weights: { crash: 3, 'crash-leader': 3, 'slow-disk': 1, transfer: 1 } },
  },
  {
    ...{ name: 'everything', peers: 5, clients: 5, thinkMs: 20, durationMs: 4_000 },
    ...{ network: rough, crashInSyncRatio: 0.001, replica: small, nemesis: mixed },
  },
  {
    ...{ name: 'partitions', peers: 5, clients: 6, thinkMs: 15, durationMs: 4_000 },
    ...{ network: { ...rough, dropRatio: 0.01 }, crashInSyncRatio: 0, replica: small },
    nemesis: {
      ...mixed,
      weights: { isolate: 1, 'isolate-leader': 3, split: 2, 'one-way': 2, heal: 4, sleep: 2 },
    },
  },
  {
    // Many candidates, votes that cross, processes that come back within the same term.
    ...{ name: 'elections', peers: 5, clients: 3, thinkMs: 30, durationMs: 3_000 },
    ...{ network: { ...rough, delayMsMax: 25, dropRatio: 0.05 }, crashInSyncRatio: 0.01 },
    crashAfterVoteRatio: 0.3,
    wipeAfterVoteRatio: 0.3,
    replica: {
      ...small,
      timings: { tickMs: 10, heartbeatMs: 20, electionMsMin: 50, electionMsMax: 70, rankMs: 1 },
    },
    nemesis: {
      ...{ everyMs: 80, downMsMax: 60 },
      weights: { crash: 3, 'crash-leader': 4, transfer: 4, 'false-alarm': 3, split: 1, heal: 3 },
    },
  },
  {
    // Members come and go, and disks with them.
    ...{ name: 'churn', peers: 3, clients: 4, thinkMs: 20, durationMs: 4_000 },
    ...{ network: { ...rough, dropRatio: 0.01 }, crashInSyncRatio: 0.001, replica: small },
    nemesis: {
      ...{ everyMs: 200, downMsMax: 500 },
      weights: {
        ...{ crash: 1, 'crash-leader': 1, 'isolate-leader': 1, 'one-way': 1, heal: 5 },
        ...{ replace: 4, 'replace-leader': 2, wipe: 2, transfer: 1, overlap: 3 },
      },
    },
  },
  {
    // One entry a message: old entries reach a majority before the new term's.
    ...{ name: 'trickle', peers: 3, clients: 6, thinkMs: 8, durationMs: 4_000 },
    ...{ network: rough, crashInSyncRatio: 0.005, nemesis: { ...mixed, downMsMax: 300 } },
    replica: { ...small, appendBytesMax: 1 },
  },
]

/** Draws the world of a seed; `name` leaves only one kind. */
export function drawScenario(prng: Prng, name?: string): { readonly scenario: Scenario } {
  const kinds = scenarios.filter(scenario => name === undefined || scenario.name === name)
  const scenario = kinds[prng.below(kinds.length)]
  if (scenario === undefined) {
    const known = scenarios.map(each => each.name).join(', ')
    throw new Error(`no scenario "${name}"; there are ${known}`)
  }
  return { scenario }
}
