/** Bits of one node's network. Source: --node-cidr-mask-size. */
const nodeMaskBits = 24

/** The /24 networks of an IPv4 network, in order. */
export function* subnets(network: string): Generator<string> {
  const [address = '', bits = ''] = network.split('/')
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const count = 2 ** Math.max(nodeMaskBits - Number(bits), 0)
  for (let n = 0; n < count; n++) {
    const base = first + n * 2 ** (32 - nodeMaskBits)
    const text = [24, 16, 8, 0].map(shift => Math.floor(base / 2 ** shift) % 256).join('.')
    yield `${text}/${nodeMaskBits}`
  }
}
