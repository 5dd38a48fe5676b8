import { parseCidr, subnetAt } from '../../kernel/cidr.ts'

/** Bits of one node's network. Source: --node-cidr-mask-size. */
const nodeMaskBits = 24

/** The /24 networks of an IPv4 network, in order; the one it lies in when it is smaller. */
export function* subnets(network: string): Generator<string> {
  const cidr = parseCidr(network)
  if (cidr.bits >= nodeMaskBits) {
    yield `${network.split('/')[0]}/${nodeMaskBits}`
    return
  }
  const count = 2 ** (nodeMaskBits - cidr.bits)
  for (let n = 0; n < count; n++) yield subnetAt(cidr, nodeMaskBits, n)
}
