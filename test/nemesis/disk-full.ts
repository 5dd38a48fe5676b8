import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../../src/kernel/clock.ts'
import type { FaultContext } from './faults.ts'

const spareBytes = 4 << 20
const fillerName = 'filler'
const fullMs = 8_000

/**
 * A peer's store lies on a small disk, a tmpfs, which then is full. The peer may stop: the others
 * serve, and it goes on where it was once there is room.
 */
export async function fillDisk(
  context: FaultContext,
  pick: (context: FaultContext, role: 'any') => Promise<string>,
): Promise<void> {
  const { cluster, endpoints } = context
  const name = await pick(context, 'any')
  const store = cluster.storeFolder(name)
  const aside = `${store}.aside`
  endpoints.restarted(name)
  await cluster.fault({ type: 'kill', peer: name })
  cpSync(store, aside, { recursive: true })
  mount(store, bytesOf(aside) + spareBytes)
  try {
    cpSync(aside, store, { recursive: true })
    await cluster.restart(name)
    await cluster.settle()
    fill(store)
    await sleep(fullMs)
    rmSync(join(store, fillerName))
    endpoints.restarted(name)
    if (!cluster.isDown(name)) await cluster.fault({ type: 'kill', peer: name })
    rmSync(aside, { recursive: true })
    cpSync(store, aside, { recursive: true })
  } finally {
    unmount(store)
  }
  rmSync(store, { recursive: true })
  cpSync(aside, store, { recursive: true })
  rmSync(aside, { recursive: true })
  await cluster.restart(name)
}

function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  mkdirSync(folder, { recursive: true })
  try {
    writeFileSync(join(folder, fillerName), Buffer.alloc(bavail * bsize))
  } catch (error) {
    // The peer was faster with the last blocks: full is full.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

function bytesOf(folder: string): number {
  const names = readdirSync(folder)
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function mount(folder: string, bytes: number): void {
  const options = `size=${Math.ceil(bytes / 4096) * 4096},mode=0700`
  run('mount', '-t', 'tmpfs', '-o', options, 'quorate-nemesis', folder)
}

function unmount(folder: string): void {
  run('umount', '--lazy', folder)
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
