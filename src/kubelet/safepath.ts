import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'

/** A path that leads, or would lead, out of where it has to stay. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError'
}

/**
 * The real path of `path` below `base`, whatever links are on the way: an answer lies below the
 * real path of `base`. What is missing is made, as folders, one after the other, each below a
 * folder that has been looked at. Source: k8s.io/mount-utils subpath doSafeOpen, doSafeMakeDir.
 * @throws UnsafePathError
 */
export function safeFolderBelow(base: string, path: string): string {
  checkRelative(path)
  const root = realpathSync(base)
  let current = root
  for (const name of path.split('/').filter(part => part !== '' && part !== '.')) {
    const next = join(current, name)
    if (!exists(next)) mkdirSync(next, { mode: 0o755 })
    current = realpathSync(next)
    checkBelow(root, current, path)
  }
  return current
}

/**
 * As `safeFolderBelow`, for the folder of a file that the kubelet itself writes: a link on the way
 * is none of its making, and is not followed.
 * @throws UnsafePathError
 */
export function ownFolderBelow(base: string, path: string): string {
  checkRelative(path)
  let current = base
  for (const name of path.split('/').filter(part => part !== '' && part !== '.')) {
    current = join(current, name)
    if (!exists(current)) mkdirSync(current, { mode: 0o755 })
    if (!lstatSync(current).isDirectory()) throw new UnsafePathError(`${current} is no folder`)
  }
  return current
}

/** @throws UnsafePathError for an absolute path, or one with a step back. */
export function checkRelative(path: string): void {
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..') || path.includes('\0')) {
    throw new UnsafePathError(`"${path}" must be a relative path without '..'`)
  }
}

function checkBelow(root: string, real: string, path: string): void {
  const way = relative(root, real)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new UnsafePathError(`"${path}" leads out of its volume, to ${real}`)
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}
