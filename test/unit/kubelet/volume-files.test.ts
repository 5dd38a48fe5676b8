import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UnsafePathError } from '../../../src/kubelet/safepath.ts'
import { replaceFiles } from '../../../src/kubelet/volume-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-volume-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(...paths: string[]): string[] {
  replaceFiles(folder, Object.fromEntries(paths.map(path => [path, Buffer.from(path)])))
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  return all
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

test('a file that is not wanted any more goes, however deep it is', () => {
  write('a/b/c', 'a/b/d', 'e')
  expect(write('a/b/c')).toEqual(['a/b/c'])
})

test('a file takes the place of a folder, and a folder that of a file', () => {
  write('a', 'b/c')
  expect(write('a/x', 'b')).toEqual(['a/x', 'b'])
})

test('what has not changed is not written again', () => {
  write('a', 'b')
  const before = statSync(join(folder, 'a')).ino
  write('a', 'c')
  expect(statSync(join(folder, 'a')).ino).toBe(before)
})

test('what a container put into the volume goes, and no link is followed', () => {
  const outside = mkdtempSync(join(tmpdir(), 'quorate-outside-'))
  try {
    symlinkSync(outside, join(folder, 'link'))
    mkdirSync(join(folder, 'folder'))
    expect(write('a')).toEqual(['a'])
    symlinkSync(outside, join(folder, 'way'))
    expect(() => write('way/a')).toThrow(UnsafePathError)
    expect(readdirSync(outside)).toEqual([])
  } finally {
    rmSync(outside, { recursive: true })
  }
})
