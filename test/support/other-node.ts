import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Other versions of Node that the program and its tests must work on. */
export const otherNodes = [22, 24] as const

/**
 * The newest Node of a major version, from the npm registry's packages of its binaries, kept in
 * `dist`. Undefined where it can't be had: no such package for this platform, or no registry.
 */
export function otherNode(root: string, major: number): string | undefined {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = join(root, 'dist', 'nodes', String(major))
  const file = join(folder, 'node_modules', name, 'bin', 'node')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
    const args = ['install', ...flags, '--prefix', folder, `${name}@${major}`]
    spawnSync('npm', args, { stdio: 'ignore', timeout: 180_000 })
  }
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.startsWith(`v${major}.`) ? file : undefined
}
