import { parentPort } from 'node:worker_threads'
import { StatusError } from '../../api/status.ts'
import { errorMessage } from '../../kernel/result.ts'
import { decodeBody } from './decode.ts'
import type { DecodeAnswer, NumberedJob } from './decoder.ts'

/** The thread that reads large bodies: seconds of CPU, which no serving thread can spare. */
parentPort?.on('message', ({ id, job }: NumberedJob) => {
  parentPort?.postMessage(answerOf(id, job))
})

function answerOf(id: number, job: NumberedJob['job']): DecodeAnswer {
  try {
    return { id, body: decodeBody(job) }
  } catch (error) {
    if (error instanceof StatusError) return { id, status: error.status }
    return { id, error: errorMessage(error) }
  }
}
