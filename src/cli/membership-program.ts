import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseAddress } from '../config/load.ts'
import type { Address, Role } from '../config/types.ts'
import { type CliParts, type RunPeerOptions, UsageError } from './types.ts'

/** Addresses and roles of a peer that joins, as flags. */
interface JoinFlags {
  readonly roles: readonly Role[]
  readonly mesh?: Address
  readonly api?: Address
  readonly etcd?: Address
  readonly admin?: Address
  readonly learner: boolean
}

interface PeerFlags extends JoinFlags, Omit<RunPeerOptions, 'join'> {
  readonly join?: readonly string[]
  readonly token?: string
}

/** `quorate peer`. */
export function addPeer(program: Command, parts: CliParts, data: Option, logLevel: Option): void {
  const command = program
    .command('peer')
    .description('one peer: what runs on a machine of its own')
    .requiredOption('--name <name>', 'which peer of the cluster this is')
    .option('--config <file>', 'configuration (default: the one in the data folder)')
    .option('--faults', 'accept faults by the admin protocol', false)
    .option('--join <urls>', 'join the cluster of these masters, the first time', list)
    .addOption(new Option('--token <token>', 'of: quorate token create').env('QUORATE_TOKEN'))
    .addOption(data)
    .addOption(logLevel)
  addJoinFlags(command).action((flags: PeerFlags) => {
    const { join, token, config, name, faults, logLevel: level } = flags
    if (join !== undefined && token === undefined) {
      throw new UsageError('peer --join: --token, or QUORATE_TOKEN; see: quorate token create')
    }
    const rest = { name, faults, logLevel: level, data: resolve(flags.data) }
    if (join === undefined || token === undefined) return parts.runPeer({ ...rest, config })
    const { roles, learner } = flags
    const addresses = addressesOf(flags)
    const joining = { servers: join, token, roles, learner, addresses, labels: {} }
    return parts.runPeer({ ...rest, join: joining })
  })
}

/** `quorate member`, `quorate token`. */
export function addMembership(program: Command, parts: CliParts, data: () => Option): void {
  const member = program.command('member').description('who belongs to the cluster')
  member
    .command('list')
    .description('voters, learners and workers')
    .option('--json', 'one JSON object')
    .addOption(data())
    .action(async options => (await import('./member.ts')).listMembers(options))
  const add = member
    .command('add')
    .description('start another peer on this machine, and wait until it has joined')
    .argument('<name>')
    .option('--timeout <s>', 'longest wait', seconds, 60)
    .addOption(data())
  addJoinFlags(add).action(async (name: string, flags: JoinFlags & { data: string }) =>
    (await import('./member.ts')).addMember(
      name,
      { ...flags, addresses: addressesOf(flags) },
      parts,
    ),
  )
  member
    .command('promote')
    .description('make a learner a voter; refused while it is behind')
    .argument('<member>', 'name or ID')
    .addOption(data())
    .action(async (name: string, options) =>
      (await import('./member.ts')).promoteMember(name, options),
    )
  member
    .command('remove')
    .description('remove a member for ever; its process says so and stops')
    .argument('<member>', 'name or ID')
    .addOption(data())
    .action(async (name: string, options) =>
      (await import('./member.ts')).removeMember(name, options),
    )
  const token = program.command('token').description('tokens with which peers join')
  token
    .command('create')
    .description('print a token and the command that uses it')
    .option('--control-plane', 'masters may join with it too; it gives them the key of the CA')
    .option('--ttl <s>', 'seconds until it is worth nothing', seconds, 86_400)
    .option('--quiet', 'the token alone')
    .addOption(data())
    .action(async options => (await import('./token.ts')).createToken(options))
}

function addJoinFlags(command: Command): Command {
  const roles = new Option('--roles <roles>', 'of a peer that joins')
    .argParser(parseRoles)
    .default(['control-plane', 'worker'], 'control-plane,worker')
  return command
    .addOption(roles)
    .option('--learner', 'stay a learner until: quorate member promote', false)
    .option('--mesh <host:port>', 'where its mesh listens', address)
    .option('--api <host:port>', 'where its API listens', address)
    .option('--etcd <host:port>', 'where its etcd API listens', address)
    .option('--admin <host:port>', 'where its admin protocol listens', address)
}

function addressesOf({ mesh, api, etcd, admin }: JoinFlags) {
  return {
    ...(mesh && { mesh }),
    ...(api && { api }),
    ...(etcd && { etcd }),
    ...(admin && { admin }),
  }
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean)
}

function parseRoles(text: string): Role[] {
  const roles = list(text)
  const known: readonly string[] = ['control-plane', 'worker']
  if (roles.length > 0 && roles.every(role => known.includes(role))) return roles as Role[]
  throw new InvalidArgumentError('control-plane, worker, or both with a comma between.')
}

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed) return parsed
  throw new InvalidArgumentError(`"${text}" is not host:port.`)
}

function seconds(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError(`"${text}" is not a whole number of seconds.`)
}
