import type { IncomingMessage } from 'node:http'
import {
  badRequest,
  genericServerResponse,
  internalError,
  type StatusError,
} from '../../api/status.ts'

/** What is read of a refusal. Source: response_checker.go maxReadLength. */
const textBytesMax = 50_000
const readMs = 10_000

/**
 * What a kubelet answered instead of what was asked for, as upstream wraps it.
 * Source: apiserver pkg/registry/generic/rest/response_checker.go.
 */
export async function kubeletRefusal(
  answer: IncomingMessage,
  resource: string,
  name: string,
): Promise<StatusError> {
  const code = answer.statusCode ?? 502
  const text = await textOf(answer)
  if (code === 500) return internalError(text)
  if (code === 400) return badRequest(text)
  return genericServerResponse(code, { group: '', resource }, name, text)
}

/** The beginning of the body; what does not come in time is left out. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => answer.destroy(), readMs)
  try {
    for await (const chunk of answer) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= textBytesMax) break
    }
  } catch {
    // What has come will do.
  } finally {
    clearTimeout(timer)
    answer.destroy()
  }
  return Buffer.concat(chunks).subarray(0, textBytesMax).toString('utf8')
}
