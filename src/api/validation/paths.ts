import type { Causes } from './causes.ts'

/**
 * Paths in volumes. Whoever opens them has to look again: a link in the volume may lead out of it.
 * Source: kubernetes pkg/apis/core/validation/validation.go.
 */

/** A path without a step back. Source: validatePathNoBacksteps. */
export function validateNoBacksteps(path: string, at: string, causes: Causes): void {
  if (path.split('/').includes('..')) causes.invalid(at, path, "must not contain '..'")
}

/** A path below some folder. Source: validateLocalDescendingPath. */
export function validateDescendingPath(path: string, at: string, causes: Causes): void {
  if (path.startsWith('/')) causes.invalid(at, path, 'must be a relative path')
  validateNoBacksteps(path, at, causes)
}

/** The path of a file; names that begin with `..` are reserved. ValidateLocalNonReservedPath. */
export function validateFilePath(path: string, at: string, causes: Causes): void {
  validateDescendingPath(path, at, causes)
  if (path.startsWith('..') && !path.startsWith('../')) {
    causes.invalid(at, path, "must not start with '..'")
  }
}
