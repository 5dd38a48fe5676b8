import { createClusterCa, issueCertificate } from '../../src/pki/authority.ts'

/** One certificate for servers and clients of a benchmark; PEM texts. */
export interface BenchTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

let made: Promise<BenchTls> | undefined

/** The same for all systems of a run. */
export function benchTls(): Promise<BenchTls> {
  made ??= make()
  return made
}

async function make(): Promise<BenchTls> {
  const ca = await createClusterCa('bench')
  const pair = await issueCertificate(ca, {
    user: 'bench',
    groups: ['system:masters'],
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server', 'client'],
  })
  return { ca: ca.cert, ...pair }
}
