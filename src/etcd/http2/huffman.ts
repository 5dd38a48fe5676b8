import { assert } from '../../kernel/assert.ts'
import { ConnectionError } from './codes.ts'

/**
 * Bits of each byte's Huffman code, and of the end mark, in base 36: the code is canonical, so that
 * the lengths are all of it. Source: RFC 7541, appendix B.
 */
const lengths =
  'dnsssssssoussussssssssusssssssss' +
  '6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6' +
  'f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno' +
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr' +
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u'

const endMark = 256

/**
 * The code as a machine that takes four bits a step: row `state * 16 + bits`. `next` is the state
 * after, `symbol` what was completed on the way (no code is shorter than five bits, so at most
 * one), or -1. `padding` are the states in which a string may end: up to seven bits, all ones.
 */
interface Machine {
  readonly next: Int16Array
  readonly symbol: Int16Array
  readonly padding: Uint8Array
}

const { next, symbol, padding } = buildMachine(buildTree())

/** Decodes `bytes[from, to)`. @throws ConnectionError when it is no Huffman string. */
export function decodeHuffman(bytes: Buffer, from: number, to: number): string {
  const output = Buffer.allocUnsafe(Math.ceil(((to - from) * 8) / 5))
  let length = 0
  let state = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    for (const bits of [byte >> 4, byte & 15]) {
      const row = state * 16 + bits
      const found = symbol[row]!
      if (found === endMark) throw new ConnectionError('compressionError', 'end mark in a string')
      if (found >= 0) output[length++] = found
      state = next[row]!
    }
  }
  if (padding[state] === 0) throw new ConnectionError('compressionError', 'bad padding')
  return output.toString('latin1', 0, length)
}

/** Nodes as pairs: a child's number, or ~symbol for a leaf; 0 is the root. */
function buildTree(): Int16Array {
  const order = Array.from(lengths, (_length, at) => at)
  const lengthOf = (at: number) => Number.parseInt(lengths[at]!, 36)
  order.sort((left, right) => lengthOf(left) - lengthOf(right) || left - right)
  const tree = new Int16Array(2 * 600)
  let nodes = 1
  let code = 0
  let length = lengthOf(order[0]!)
  for (const at of order) {
    code *= 2 ** (lengthOf(at) - length)
    length = lengthOf(at)
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const child = node * 2 + ((code >>> bit) & 1)
      if (tree[child] === 0) tree[child] = nodes++
      node = tree[child]!
    }
    tree[node * 2 + (code & 1)] = ~at
    code++
  }
  assert(nodes === 256, 'a full binary tree of 257 leaves has 256 inner nodes')
  return tree
}

function buildMachine(tree: Int16Array): Machine {
  const states = 256
  const machine = {
    next: new Int16Array(states * 16),
    symbol: new Int16Array(states * 16).fill(-1),
    padding: new Uint8Array(states),
  }
  for (let state = 0; state < states; state++) {
    for (let bits = 0; bits < 16; bits++) {
      const row = state * 16 + bits
      let node = state
      for (let bit = 3; bit >= 0; bit--) {
        const child = tree[node * 2 + ((bits >> bit) & 1)]!
        if (child < 0) machine.symbol[row] = ~child
        node = Math.max(child, 0)
      }
      machine.next[row] = node
    }
  }
  for (let node = 0, bits = 0; bits < 8; bits++) {
    machine.padding[node] = 1
    node = tree[node * 2 + 1]!
  }
  return machine
}
