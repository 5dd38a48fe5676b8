import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { logLevels } from '../kernel/logger.ts'
import type { DemoOptions } from './demo.ts'
import { addMembership, addPeer } from './membership-program.ts'
import { addSnapshot } from './snapshot-program.ts'
import type { UpOptions } from './stay.ts'
import type { CliParts, RunProcessOptions } from './types.ts'

/**
 * The command line of Quorate. Verbs load what they need when they run: a peer must not wait for
 * what only `up` uses.
 */
export function buildProgram(parts: CliParts, version: string): Command {
  const program = new Command('quorate')
    .description('Kubernetes in TypeScript whose masters are libp2p peers')
    .version(version)
    .showHelpAfterError('(see quorate --help)')
    .showSuggestionAfterError()
  addLifecycle(program, parts)
  addOperations(program, parts)
  addMembership(program, parts, data)
  addSnapshot(program, parts, data, atLeast)
  addProcesses(program, parts)
  return program
}

const data = () =>
  new Option('--data <dir>', 'folder that keeps all state of the cluster').default('.quorate')
const logLevel = () =>
  new Option('--log-level <level>', 'lowest level that is logged')
    .choices([...logLevels])
    .default('info')

function addLifecycle(program: Command, parts: CliParts): void {
  program
    .command('up')
    .description('start the cluster of cluster.config.json on this machine')
    .addOption(data())
    .option(
      '--config <file>',
      'configuration (default: the one in force, else cluster.config.json)',
    )
    .option('--peers <n>', 'number of masters', atLeast(1))
    .option('--workers <n>', 'additional worker-only peers', atLeast(0))
    .option('--port-base <port>', 'count all ports from here', atLeast(1_024))
    .addOption(new Option('--runtime <kind>').choices(['process', 'cri', 'simulated']))
    .addOption(
      new Option('--proxy-mode <mode>').choices(['userspace', 'iptables', 'ipvs', 'nftables']),
    )
    .option('--detach', 'return when the cluster is ready, and leave it running')
    .option('--timeout <seconds>', 'longest wait for readiness', atLeast(1), 60)
    .option('--no-tui', 'one line per change instead of the dashboard')
    .addOption(logLevel())
    .action(async (options: UpOptions) => (await import('./up.ts')).up(options, parts))
  program
    .command('down')
    .description('stop every process that up started')
    .addOption(data())
    .option('--purge', 'also remove the data folder')
    .action(async (options: { data: string; purge?: boolean }) =>
      (await import('./down.ts')).down(options, parts),
    )
  program
    .command('supervise', { hidden: true })
    .addOption(data())
    .addOption(logLevel())
    .action(async (options: RunProcessOptions) =>
      (await import('./up.ts')).supervise(options, parts),
    )
}

function addOperations(program: Command, parts: CliParts): void {
  program
    .command('status')
    .description('roles, term and progress of every peer; exit code 3 without quorum')
    .addOption(data())
    .option('--json', 'one JSON object')
    .option('--watch', 'again and again')
    .option('--hash', 'with the hash of each peer’s state at its revision')
    .action(async (options: { data: string }) => (await import('./status.ts')).status(options))
  program
    .command('fault')
    .description(
      'kill | pause | resume | restart | partition | heal | slow | block-main | hold-writes',
    )
    .argument('<type>')
    .argument('[peers...]', 'names, separated by spaces or commas')
    .option('--delay <ms>', 'for slow: delay of each direction', atLeast(1))
    .option('--ms <ms>', 'for block-main: how long', atLeast(1))
    .option('--json', 'print what was done, and when it took effect, as JSON')
    .addOption(data())
    .addHelpText(
      'after',
      '\nExamples:\n  quorate fault kill peer-1\n' +
        '  quorate fault partition peer-1,peer-2\n  quorate fault heal',
    )
    .action(async (type: string, peers: string[], options) =>
      (await import('./operate.ts')).fault(type, peers, options),
    )
  program
    .command('leader')
    .description('operate the leadership')
    .command('transfer')
    .description('move the leadership, to PEER if it is named')
    .argument('[peer]')
    .addOption(data())
    .action(async (peer: string | undefined, options: { data: string }) =>
      (await import('./operate.ts')).transferLeader(peer, options),
    )
  program
    .command('demo')
    .description('the high-availability demonstration, unattended, on a cluster of its own')
    .option('--kills <n>', 'how many leaders are killed', atLeast(0), 5)
    .option('--peers <n>', 'masters of the cluster', atLeast(1), 3)
    .option('--json', 'one JSON object')
    .option('--port-base <port>', 'count all ports from here', atLeast(1_024))
    .option('--config <file>', 'configuration (default: cluster.config.json)')
    .option('--data <dir>', 'use the running cluster of this folder')
    .action(async (options: DemoOptions) => (await import('./demo.ts')).demo(options, parts))
  program
    .command('env')
    .description('print variables for kubectl and etcdctl: eval "$(quorate env)"')
    .addOption(data())
    .action(async (options: { data: string }) =>
      (await import('./operate.ts')).printEnvironment(options),
    )
  program
    .command('tui')
    .description('the dashboard, attached to a running cluster')
    .addOption(data())
    .allowUnknownOption()
    .argument('[flags...]')
    .helpOption(false)
    .action((flags: string[], options: { data: string }) => runTui(parts, options.data, flags))
}

function addProcesses(program: Command, parts: CliParts): void {
  addPeer(program, parts, data(), logLevel())
  program
    .command('lb')
    .description('the load balancer by itself, or the configuration for the real ones')
    .addOption(new Option('--print <kind>', 'print and end').choices(['haproxy', 'nginx']))
    .addOption(data())
    .addOption(logLevel())
    .action(async (options: RunProcessOptions & { print?: 'haproxy' | 'nginx' }) => {
      const resolved = { ...options, data: resolve(options.data) }
      if (!options.print) return parts.runLoadBalancer(resolved)
      process.stdout.write(await parts.printLoadBalancer(options.print, resolved))
    })
  program
    .command('proxy')
    .description('the userspace service proxy of this network namespace')
    .addOption(data())
    .addOption(logLevel())
    .action((options: RunProcessOptions) =>
      parts.runProxy({ ...options, data: resolve(options.data) }),
    )
}

/** The dashboard is never in a process that clients depend on. */
function runTui(parts: CliParts, dataFolder: string, flags: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [parts.tuiFile, '--data', resolve(dataFolder), ...flags], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  return new Promise(done => {
    child.once('exit', code => {
      process.exitCode = code ?? 1
      done()
    })
  })
}

function atLeast(min: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min) return value
    throw new InvalidArgumentError(`"${text}" is not a whole number from ${min} up.`)
  }
}
