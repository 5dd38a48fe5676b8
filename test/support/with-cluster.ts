import { type ClusterOptions, startCluster, type TestCluster } from './cluster.ts'

/**
 * Works on a cluster that is gone afterwards, whatever happens: also when a signal ends this
 * process. `onSignal` ends what the work has started itself.
 */
export async function withCluster<T>(
  options: ClusterOptions,
  work: (cluster: TestCluster) => Promise<T>,
  onSignal: () => void = () => undefined,
): Promise<T> {
  const cluster = await startCluster(options)
  let down: Promise<void> | undefined
  const end = () => {
    down ??= cluster.down()
    return down
  }
  // Not `once`: a second signal must not leave half a cluster behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      onSignal()
      void end().finally(() => process.exit(1))
    })
  }
  try {
    return await work(cluster)
  } finally {
    await end()
  }
}
