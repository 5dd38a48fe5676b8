import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the client library's type declarations say of one type. */
export interface Model {
  readonly text?: string
  /** By JSON name. */
  readonly fields: ReadonlyMap<string, { readonly required: boolean; readonly text?: string }>
}

/**
 * The model of a type by its OpenAPI name, or undefined. The library prefixes a class with its
 * group where two groups have the same name: `CoreV1Event`.
 */
export function readModel(directory: string, openApiName: string): Model | undefined {
  const parts = openApiName.split('.')
  const kind = parts.at(-1) ?? ''
  const version = capital(parts.at(-2) ?? '')
  const group = capital(parts.at(-3) ?? '')
  for (const name of [`${group}${version}${kind}`, `${version}${kind}`]) {
    const path = join(directory, `${name}.d.ts`)
    if (existsSync(path)) {
      return parseModel(
        readFileSync(path, 'utf8'),
        readFileSync(join(directory, `${name}.js`), 'utf8'),
      )
    }
  }
  return undefined
}

function parseModel(declarations: string, code: string): Model {
  const names = new Map<string, string>()
  for (const found of code.matchAll(/"name": "([^"]+)",\s+"baseName": "([^"]+)"/g)) {
    names.set(found[1]!, found[2]!)
  }
  const fields = new Map<string, { required: boolean; text?: string }>()
  const property = /(?:\/\*\*\s*\n((?:\s*\*(?!\/).*\n)*?)\s*\*\/\s*\n)?\s*'([^']+)'(\??):/g
  for (const [, comment, name, optional] of declarations.matchAll(property)) {
    const jsonName = names.get(name!)
    if (jsonName === undefined) continue
    fields.set(jsonName, { required: optional !== '?', text: commentText(comment) })
  }
  const head = /\/\*\*\s*\n((?:\s*\*(?!\/).*\n)*?)\s*\*\/\s*\nexport declare class/.exec(
    declarations,
  )
  return { text: commentText(head?.[1]), fields }
}

function commentText(comment: string | undefined): string | undefined {
  if (comment === undefined) return undefined
  const text = comment.replace(/^\s*\* ?/gm, '').trim()
  if (text === '') return undefined
  // The library writes a line break as a blank: two were a paragraph, more an indented line.
  return text
    .replace(/\\(['"`])/g, '$1')
    .replace(/(\S) {2}(?=\S)/g, '$1\n\n')
    .replace(/(\S) {3,}(?=\S)/g, found => `${found[0]}\n${found.slice(2)}`)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
