import type { WatchCache } from '../storage/cache/watch-cache.ts'
import type { Storage } from '../storage/storage.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { defaultTolerationSeconds, priority, serviceAccount } from './pods.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts'

/** What plug-ins look things up in. */
export interface AdmissionParts {
  readonly cache: WatchCache
  readonly storage: Storage
  /** See ApiServerOptions. */
  readonly defaultTolerationSeconds?: number
}

/** All plug-ins in upstream's order. Source: pkg/kubeapiserver/options/plugins.go. */
export function admissionPlugins(parts: AdmissionParts): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(parts.cache, parts.storage),
    serviceAccount,
    priority,
    defaultTolerationSeconds(parts.defaultTolerationSeconds),
  ]
}

/** Runs the plug-ins of an operation one after the other. */
export class Admission {
  readonly #plugins: readonly AdmissionPlugin[]

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins
  }

  /** @throws StatusError of the first that refuses */
  async admit(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.operations.includes(attributes.operation)) continue
      const admitted = plugin.admit?.(attributes)
      if (admitted !== undefined) await admitted
    }
  }

  /** @throws StatusError of the first that refuses */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.operations.includes(attributes.operation)) continue
      const validated = plugin.validate?.(attributes)
      if (validated !== undefined) await validated
    }
  }
}
