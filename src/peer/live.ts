import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import type { MeshMember } from '../p2p/types.ts'

/** A member as the store's records have it now; `peer` is absent for one of the files. */
export type LiveMember = MeshMember & { readonly peer?: PeerConfig }

/**
 * The cluster as it is by now: the configuration this peer was started with, and what joined or
 * left since.
 */
export class LiveCluster {
  readonly #config: ClusterConfig & { readonly networks: Networks }
  #members: readonly LiveMember[]

  constructor(
    config: ClusterConfig & { readonly networks: Networks },
    members: readonly MeshMember[],
  ) {
    this.#config = config
    this.#members = members
  }

  get members(): readonly LiveMember[] {
    return this.#members
  }

  /** Peers of the file that are still members, then those that joined. */
  get config(): ClusterConfig & { readonly networks: Networks } {
    const names = new Set(this.#members.map(({ name }) => name))
    const kept = this.#config.peers.filter(({ name }) => names.has(name))
    const known = new Set(kept.map(({ name }) => name))
    const joined = this.#members.flatMap(({ peer }) =>
      peer === undefined || known.has(peer.name) ? [] : [peer],
    )
    return { ...this.#config, peers: [...kept, ...joined] }
  }

  set(members: readonly LiveMember[]): void {
    this.#members = members
  }
}
