import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DescriptionsFile, SchemaFile } from './types.ts'

/** The folder of the nearest package.json above this file: the same from src and from dist. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('no package.json above this file')
    folder = parent
  }
  return folder
}

let schema: SchemaFile | undefined
let descriptions: DescriptionsFile | undefined

/** The generated schema; read at first use, for a peer's start must not wait for it. */
export function schemaFile(): SchemaFile {
  schema ??= readGenerated('schema.json') as SchemaFile
  return schema
}

/** The generated texts; read at first use. */
export function descriptionsFile(): DescriptionsFile {
  descriptions ??= readGenerated('descriptions.json') as DescriptionsFile
  return descriptions
}

function readGenerated(name: string): unknown {
  const path = join(packageRoot(), 'dist', 'schema', name)
  if (!existsSync(path)) throw new Error(`${path} is missing: run the build`)
  return JSON.parse(readFileSync(path, 'utf8'))
}
