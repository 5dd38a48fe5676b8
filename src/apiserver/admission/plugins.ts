import type { WatchCache } from '../storage/cache/watch-cache.ts'
import type { Storage } from '../storage/storage.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { taintNodesByCondition } from './node-taint.ts'
import { defaultTolerationSeconds, priority, serviceAccount } from './pods.ts'
import { storageObjectInUseProtection } from './storage-in-use.ts'
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
    taintNodesByCondition,
    priority,
    defaultTolerationSeconds(parts.defaultTolerationSeconds),
    storageObjectInUseProtection,
  ]
}

/** Runs the plug-ins of an operation one after the other. */
export class Admission {
  readonly #plugins: readonly AdmissionPlugin[]

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins
  }

  /** @throws StatusError of the first that refuses */
  admit(attributes: AdmissionAttributes): Promise<void> {
    return this.#run(attributes, plugin => plugin.admit?.(attributes))
  }

  /** @throws StatusError of the first that refuses */
  validate(attributes: AdmissionAttributes): Promise<void> {
    return this.#run(attributes, plugin => plugin.validate?.(attributes))
  }

  async #run(
    { operation }: AdmissionAttributes,
    step: (plugin: AdmissionPlugin) => void | Promise<void>,
  ): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.operations.includes(operation)) continue
      const running = step(plugin)
      if (running !== undefined) await running
    }
  }
}
