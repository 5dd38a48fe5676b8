/** What stops and continues; `process` is one. */
export interface Job {
  readonly pid: number
  on(signal: 'SIGTSTP' | 'SIGCONT', listener: () => void): unknown
  off(signal: 'SIGTSTP' | 'SIGCONT', listener: () => void): unknown
  kill(pid: number, signal: 'SIGTSTP'): unknown
}

/** What is done before a stop, and after it. */
export interface Suspended {
  readonly before: () => void
  readonly after: () => void
}

/** The kernel does not stop a job that nobody could continue; then it goes on after this. */
const ignoredMs = 200

/**
 * Suspends as any program of a shell: the terminal is whole before the process stops, and taken
 * again when it continues, also after a stop that nobody could notice (SIGSTOP).
 * Source: termios(3), "Job control" of POSIX; signal(7).
 */
export class Suspension {
  readonly #job: Job
  readonly #suspended: Suspended
  readonly #later: (ms: number, action: () => void) => void
  #isStopping = false

  constructor(job: Job, suspended: Suspended, later: (ms: number, action: () => void) => void) {
    this.#job = job
    this.#suspended = suspended
    this.#later = later
    job.on('SIGTSTP', this.#stop)
    job.on('SIGCONT', this.#continue)
  }

  /**
   * ctrl-z: the whole job stops, as when the terminal sends the signal. Once the first of it has
   * stopped the shell takes the terminal, and who still changes its mode is stopped by SIGTTOU.
   */
  suspend(): void {
    this.#isStopping = true
    this.#suspended.before()
    this.#halt(0)
  }

  /** The terminal is no longer ours to take: a stop is the kernel's matter again. */
  end(): void {
    this.#isStopping = false
    this.#job.off('SIGTSTP', this.#stop)
    this.#job.off('SIGCONT', this.#continue)
  }

  readonly #stop = (): void => {
    this.#isStopping = true
    this.#suspended.before()
    // On a busy machine both signals may be heard at once: who was continued must not stop then.
    this.#later(0, () => {
      if (this.#isStopping) this.#halt(this.#job.pid)
    })
  }

  /** With a listener the signal does not stop us; without one it does, now. */
  #halt(pid: number): void {
    this.#job.off('SIGTSTP', this.#stop)
    this.#job.kill(pid, 'SIGTSTP')
    this.#later(ignoredMs, () => {
      if (this.#isStopping) this.#continue()
    })
  }

  readonly #continue = (): void => {
    // Once, whether or not it was taken away.
    this.#job.off('SIGTSTP', this.#stop)
    this.#job.on('SIGTSTP', this.#stop)
    this.#isStopping = false
    this.#suspended.after()
  }
}
