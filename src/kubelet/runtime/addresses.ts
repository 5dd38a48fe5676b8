/**
 * Gives each pod an address of the node's range. Stands for CNI's host-local plug-in: what is in
 * use is read from the records of the sandboxes, so nothing else has to be kept in step.
 */
export class AddressPool {
  readonly #taken = new Set<string>()
  #base = 0
  #size = 0
  #next = 0

  /** @throws Error for what is no IPv4 network. */
  setCidr(cidr: string): void {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
    if (!match) throw new Error(`"${cidr}" is no IPv4 network`)
    const [a, b, c, d, bits] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ]
    this.#size = 2 ** (32 - bits)
    const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
    this.#base = address - (address % this.#size)
    this.#next = 0
  }

  get hasCidr(): boolean {
    return this.#size > 0
  }

  /** Marks an address of a sandbox that was adopted. */
  take(address: string): void {
    this.#taken.add(address)
  }

  /**
   * The next free address, going round, so that a pod's address isn't given out again at once.
   * The network's first two and its last are left out, as bridges use them.
   */
  allocate(): string {
    for (let tried = 0; tried < this.#size; tried++) {
      const offset = this.#next
      this.#next = (this.#next + 1) % this.#size
      if (offset < 2 || offset === this.#size - 1) continue
      const address = format(this.#base + offset)
      if (this.#taken.has(address)) continue
      this.#taken.add(address)
      return address
    }
    throw new Error('no pod address is free in the range of this node')
  }

  release(address: string): void {
    this.#taken.delete(address)
  }
}

function format(address: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.')
}
