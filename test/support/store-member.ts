import { silentLogger } from '../../src/kernel/logger.ts'
import { Consensus } from '../../src/peer/consensus.ts'

/**
 * A member of a store without Kubernetes, a process of its own: the consensus thread of a real
 * peer with its mesh, log and etcd API. Options come as JSON on the standard input.
 */
export type StoreMemberOptions = ConstructorParameters<typeof Consensus>[0]

/** Only where this file is the program: others take its type. */
if (process.argv[2] === 'run') await main()

async function main(): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  const options = JSON.parse(Buffer.concat(pieces).toString()) as StoreMemberOptions
  const consensus = new Consensus(options, silentLogger)
  consensus.on('died', reason => end(1, reason))
  consensus.on('refused', reason => end(1, reason))
  process.once('SIGTERM', () => void consensus.stop().then(() => process.exit(0)))
  await consensus.start()
  process.stdout.write('started\n')
}

function end(code: number, reason: string): void {
  process.stderr.write(`${reason}\n`)
  process.exit(code)
}
