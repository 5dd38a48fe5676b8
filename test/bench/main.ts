import { benchFailover } from './failover.ts'
import { benchIdle } from './idle.ts'
import { benchKeys } from './keys.ts'
import { benchMesh } from './mesh.ts'
import { benchSoak } from './soak.ts'
import { benchStore } from './store.ts'

/**
 * `npm run bench [-- NAME] [flags]`: each side by side with its peer where that is installed, in
 * turns in one run, as ratios of that run: machines differ, and drift.
 */
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  store: benchStore,
  failover: benchFailover,
  idle: benchIdle,
  keys: benchKeys,
  mesh: benchMesh,
  soak: benchSoak,
}

const [name = 'store', ...args] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  process.stderr.write(`no benchmark "${name}"; there are: ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
await bench(args)
process.exit()
