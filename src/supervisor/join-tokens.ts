import type { DataLayout } from '../config/layout.ts'
import { readCertificate } from '../pki/files.ts'
import { createJoinToken, formatJoinToken, type JoinToken } from '../pki/token.ts'

/** A new token of this cluster; it counts once it is a Secret. `text` is what people pass on. */
export function newJoinToken(layout: DataLayout): JoinToken & { readonly text: string } {
  const token = createJoinToken(readCertificate(layout.pki, 'ca'))
  return { ...token, text: formatJoinToken(token) }
}
