import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ownFolderBelow } from './safepath.ts'

/** Contents by path below the volume's folder. */
export type Files = Readonly<Record<string, Buffer>>

/**
 * Makes the folder hold exactly these files, each replaced in one step, and only when it changed.
 * Where a folder has to be, a link is left to be refused: it is none of the kubelet's making.
 * @throws UnsafePathError
 */
export function replaceFiles(folder: string, files: Files): void {
  const paths = Object.keys(files)
  removeOthers(folder, '', new Set(paths), new Set(paths.flatMap(foldersOf)))
  for (const path of paths) replaceFile(folder, path, files[path]!)
}

function removeOthers(
  folder: string,
  way: string,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): void {
  for (const entry of readdirSync(join(folder, way), { withFileTypes: true })) {
    const path = join(way, entry.name)
    const isFolder = entry.isDirectory()
    if (isFolder && folders.has(path)) removeOthers(folder, path, files, folders)
    else if (isFolder || !(files.has(path) || (folders.has(path) && entry.isSymbolicLink()))) {
      rmSync(join(folder, path), { recursive: true, force: true })
    }
  }
}

/** `a` and `a/b` of `a/b/c`. */
function foldersOf(path: string): string[] {
  const above = dirname(path)
  return above === '.' ? [] : [...foldersOf(above), above]
}

function replaceFile(folder: string, path: string, content: Buffer): void {
  const own = ownFolderBelow(folder, dirname(path))
  const file = join(own, basename(path))
  if (isFileWith(file, content)) return
  const temporary = join(own, `.${hash(path)}.new`)
  // A file of that name, or a link, is none of ours.
  rmSync(temporary, { force: true })
  writeFileSync(temporary, content, { mode: 0o644, flag: 'wx' })
  renameSync(temporary, file)
}

function isFileWith(file: string, content: Buffer): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found?.isFile() !== true || found.size !== content.length) return false
  return readFileSync(file).equals(content)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
