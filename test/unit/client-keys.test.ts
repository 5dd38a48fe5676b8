import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Keys that clients choose are looked up with Object.hasOwn (`ownValue`, `setOwn` of api/own.ts):
 * `constructor` is in every object, and an assignment to `__proto__` stores nothing.
 */
const root = new URL('../..', import.meta.url).pathname

/** Maps whose keys are a client's, by the names that the code gives them. */
const maps =
  'labels|annotations|data|binaryData|stringData|limits|requests|capacity|allocatable|' +
  'matchLabels|nodeSelector|overhead|parameters'

const rules: readonly { readonly why: string; readonly pattern: RegExp }[] = [
  // A name of ours in quotation marks is fine, and so are `for (... in ...)` and mapped types.
  { why: '`in` on a key', pattern: /(?<![\w'"`]|const )\(?[a-z]\w*\)? in [a-z][\w.]*\)/ },
  {
    why: 'a client map read by a variable',
    pattern: new RegExp(
      `\\b(?:${maps})\\)?(?:\\?\\.)?\\[(?!at\\]|\\w+(?:Label|Annotation)\\])[a-z]\\w*(?:\\.key|\\.name|Key)?\\]`,
    ),
  },
]

/** Keys that are ours: resources by our own lists. Constants end in Label or Annotation. */
const ours = [
  'src/kubelet/admission.ts allocatable[name]',
  'src/kubelet/admission.ts requests?.[name]',
  'src/kubelet/admission.ts limits?.[name]',
  'src/peer/join.ts requests[name]',
  'src/peer/join.ts data?.[key]',
  'src/peer/joining.ts requests[each]',
]

/** A loop over keys looks up none of them. */
const loop = /for \(const \w+ in /g

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sources(path)
    return /\.tsx?$/.test(entry.name) && path !== 'src/api/own.ts' ? [path] : []
  })
}

/** `file what` of each place that breaks a rule; comments and texts do not count. */
function findings(file: string): string[] {
  const found: string[] = []
  for (const line of readFileSync(join(root, file), 'utf8').split('\n')) {
    if (/^\s*(\*|\/\/|\/\*|')/.test(line)) continue
    const code = line.replace(/'[^']*'|"[^"]*"/g, "''").replace(loop, 'for (')
    for (const { pattern } of rules) {
      const match = pattern.exec(code)
      if (match !== null) found.push(`${file} ${match[0]}`)
    }
  }
  return found
}

test('the rules see what they are for', () => {
  for (const bad of ['if (key in binary) x', 'if (!(key in item))', 'labels[key]', 'data?.[key]']) {
    expect(
      rules.some(({ pattern }) => pattern.test(bad)),
      bad,
    ).toBe(true)
  }
})

test('no key of a client is looked up as one of ours', () => {
  const all = [...sources('src'), ...sources('tui')]
  expect(all.length).toBeGreaterThan(100)
  expect(all.flatMap(findings).filter(one => !ours.includes(one))).toEqual([])
})
