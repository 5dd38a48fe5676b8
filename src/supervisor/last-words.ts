import { readFileSync } from 'node:fs'
import type { DataLayout } from '../config/layout.ts'

/** Far more than a process says between its reason and its end. */
const linesMax = 20

/** Why a process says that it ended: the newest error of its log. Undefined: it said nothing. */
export function lastWords(layout: DataLayout, process: string): string | undefined {
  let text: string
  try {
    text = readFileSync(layout.logFile(process), 'utf8')
  } catch {
    return undefined
  }
  const lines = text.trimEnd().split('\n').slice(-linesMax).reverse()
  for (const line of lines) {
    const entry = parseLine(line)
    if (entry?.level !== 'error') continue
    const detail = entry.error ?? entry.reason
    return typeof detail === 'string' ? detail : String(entry.msg)
  }
  return undefined
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
