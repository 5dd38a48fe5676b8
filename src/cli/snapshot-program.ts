import type { Command, Option } from 'commander'
import type { CliParts } from './types.ts'

const json = ['--json', 'one JSON object'] as const
const skip = ['--skip-hash-check', "take a file without its hash, such as a member's db"] as const

/** `quorate snapshot`: files that etcd's own tools read and write too. */
export function addSnapshot(
  program: Command,
  parts: CliParts,
  data: () => Option,
  atLeast: (min: number) => (text: string) => number,
): void {
  const snapshot = program
    .command('snapshot')
    .description("the whole store in a file, as etcd's tools have it")
  snapshot
    .command('save')
    .description('save the running cluster, or what a stopped peer has on its disk')
    .argument('<file>')
    .option('--from-disk <peer>', 'of this stopped peer, without the others')
    .option(...json)
    .addOption(data())
    .action(async (file: string, options) =>
      (await import('./snapshot.ts')).save(file, options, parts),
    )
  snapshot
    .command('status')
    .description('read a file from end to end and say what is in it')
    .argument('<file>')
    .option(...json)
    .option(...skip)
    .action(async (file: string, options) =>
      (await import('./snapshot.ts')).status(file, options, parts),
    )
  snapshot
    .command('restore')
    .description('make a new cluster of a file: new members, the same keys and revisions')
    .argument('<file>')
    .option('--config <file>', 'configuration of the new cluster')
    .option('--peers <n>', 'number of masters', atLeast(1))
    .option('--workers <n>', 'additional worker-only peers', atLeast(0))
    .option('--port-base <port>', 'count all ports from here', atLeast(1_024))
    .option(...json)
    .option(...skip)
    .addOption(data())
    .action(async (file: string, options) =>
      (await import('./snapshot.ts')).restore(file, options, parts),
    )
}
