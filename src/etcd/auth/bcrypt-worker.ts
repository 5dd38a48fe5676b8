import { parentPort } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'
import type { HashAnswer, HashJob } from './bcrypt.ts'

/** The thread that hashes: about 60 ms of CPU a password, which no serving thread can spare. */
const cost = 10

parentPort?.on('message', (job: HashJob) => {
  const result =
    job.hash === undefined ? hashSync(job.password, cost) : compareSync(job.password, job.hash)
  const answer: HashAnswer = { id: job.id, result }
  parentPort?.postMessage(answer)
})
