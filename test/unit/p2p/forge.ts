import { decode, encode, tags } from '../../../src/p2p/der.ts'

/** The libp2p extension of a certificate whose only extension it is, for use in another. */
export function libp2pExtensionOf(certificate: Uint8Array): Buffer {
  const [outer] = decode(certificate)
  const [body] = decode(outer!.content)
  const wrapped = decode(body!.content).find(({ tag }) => tag === tags.extensions)
  const [list] = decode(wrapped!.content)
  const [extension] = decode(list!.content)
  return encode(tags.sequence, extension!.content)
}
