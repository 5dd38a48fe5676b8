import type { ApiRequest, ApiResponse, Transport } from '../api/http.ts'

/**
 * Test hook: holds controllers' writes back until released, so that a deposed leader's late write
 * can be seen to meet its fence. Reads pass.
 */
export class WriteHold {
  #released: Promise<void> | undefined
  #release: () => void = () => {}
  #held = 0

  /** The name of a fault in force; of this one with how many writes are held back now. */
  told(fault: string): string {
    return fault === 'hold-writes' ? `${fault}: ${this.#held} held` : fault
  }

  get holding(): boolean {
    return this.#released !== undefined
  }

  set(hold: boolean): void {
    if (hold === this.holding) return
    if (!hold) {
      this.#release()
      this.#released = undefined
      return
    }
    this.#released = new Promise(resolve => {
      this.#release = resolve
    })
  }

  /** The transport with its writes held. */
  over(transport: Transport): Transport {
    return {
      request: async (request: ApiRequest): Promise<ApiResponse> => {
        if (request.method !== 'GET' && this.holding) {
          this.#held++
          await this.#released
          this.#held--
        }
        return transport.request(request)
      },
    }
  }
}
