import {
  type CollectionTag,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type ScalarTag,
} from 'yaml'
import { exact } from '../../api/json.ts'
import { setOwn } from '../../api/own.ts'
import { isRecord } from '../../api/patch/merge.ts'
import { DepthError, depthMax, problemsMax } from '../../api/schema/duplicates.ts'

/** Thrown for a text that is no YAML, or that would grow without bound: HTTP 400. */
export class YamlError extends Error {
  override readonly name = 'YamlError'
}

/** Nodes that a document may become, aliases written out. Upstream's bound is a ratio. */
const nodesMax = 1_000_000
/** Of these so many may come out of aliases. Source: sigs.k8s.io/yaml/goyaml.v2 decode.go. */
const aliasedNodesMax = 100_000

/**
 * The JSON value of a YAML document. Keys that a map has twice are told in `problems`, and the last
 * one counts. Time and memory are linear in the text.
 * @throws YamlError, DepthError
 */
export function yamlToJson(text: string, problems: string[]): unknown {
  checkFlowDepth(text)
  // The library's own look at keys compares each with each.
  const document = parseDocument(text, {
    uniqueKeys: false,
    intAsBigInt: true,
    version: '1.1',
    merge: false,
    customTags: tags => tags.filter(isUpstreams),
    logLevel: 'silent',
    prettyErrors: false,
  })
  const [error] = document.errors
  if (error !== undefined) throw new YamlError(`yaml: ${error.message}`)
  const repeated: string[] = []
  const value = new Walk(text, repeated).value(document.contents as Node | null, 0)
  if (repeated.length > 0) problems.push(['yaml: unmarshal errors:', ...repeated].join('\n  '))
  return value
}

/**
 * `y` and `on` are booleans, as in YAML 1.1, but what looks like a time stays a text.
 * Source: sigs.k8s.io/yaml/goyaml.v2 resolve.go.
 */
function isUpstreams(tag: string | CollectionTag | ScalarTag): boolean {
  if (typeof tag === 'string') return true
  return tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME')
}

/** The parser recurses into what is nested: a text that is nested too deeply never gets there. */
function checkFlowDepth(text: string): void {
  let depth = 0
  let indent = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n') indent = 0
    else if (character === '[' || character === '{') depth++
    else if ((character === ']' || character === '}') && depth > 0) depth--
    // `- - - -` nests in one line, as does a block by one more column a line.
    else if (character === '-' && text[at + 1] === ' ') indent++
    if (depth > depthMax || indent > depthMax) throw new DepthError()
  }
}

/** From nodes to values; aliases are followed, and counted. */
class Walk {
  readonly #text: string
  readonly #repeated: string[]
  /** Anchors so far: the walk follows the text, and an alias means the last one before it. */
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #nodes = 0
  #aliased = 0
  #aliasDepth = 0

  constructor(text: string, repeated: string[]) {
    this.#text = text
    this.#repeated = repeated
  }

  value(node: Node | null, depth: number): unknown {
    if (depth > depthMax) throw new DepthError()
    if (++this.#nodes > nodesMax) throw new YamlError('yaml: document is too large')
    if (this.#aliasDepth > 0 && ++this.#aliased > aliasedNodesMax) {
      throw new YamlError('yaml: document contains excessive aliasing')
    }
    if (node === null || node === undefined) return null
    if (isAlias(node)) return this.#alias(node.source, depth)
    if ('anchor' in node && typeof node.anchor === 'string') this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return plain(node.value)
    this.#open.add(node)
    const value = isSeq(node)
      ? node.items.map(item => this.value(item as Node | null, depth + 1))
      : this.#map(node, depth)
    this.#open.delete(node)
    return value
  }

  #alias(source: string, depth: number): unknown {
    const target = this.#anchors.get(source)
    if (target === undefined) throw new YamlError(`yaml: unknown anchor '${source}' referenced`)
    if (this.#open.has(target)) {
      throw new YamlError(`yaml: anchor '${source}' value contains itself`)
    }
    this.#aliasDepth++
    const value = this.value(target, depth + 1)
    this.#aliasDepth--
    return value
  }

  #lineOf(node: Node | null): number {
    return this.#text.slice(0, node?.range?.[0] ?? 0).split('\n').length
  }

  #map(node: Node, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    if (!isMap(node)) throw new YamlError('yaml: unknown node')
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) {
        this.#merge(result, this.value(value as Node | null, depth + 1))
        continue
      }
      const name = keyText(this.value(key as Node | null, depth + 1))
      if (Object.hasOwn(result, name) && this.#repeated.length < problemsMax) {
        const line = this.#lineOf(key as Node | null)
        this.#repeated.push(`line ${line}: key ${JSON.stringify(name)} already set in map`)
      }
      setOwn(result, name, this.value(value as Node | null, depth + 1))
    }
    return result
  }

  /** `<<` takes over the keys of a map, or of several. Source: goyaml.v2 decode.go merge. */
  #merge(into: Record<string, unknown>, from: unknown): void {
    for (const each of Array.isArray(from) ? [...from].reverse() : [from]) {
      if (!isRecord(each))
        throw new YamlError('yaml: map merge requires map or sequence of maps as the value')
      for (const [key, value] of Object.entries(each)) setOwn(into, key, value)
    }
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return exact(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value === undefined) return null
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new YamlError('error converting YAML to JSON: json: unsupported value')
  }
  return value
}

/** JSON's keys are strings. Source: sigs.k8s.io/yaml convertToJSONableObject. */
function keyText(key: unknown): string {
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean') {
    return String(key)
  }
  throw new YamlError(`unsupported map key of type: ${key === null ? 'nil' : typeof key}`)
}
