import type { DataLayout } from '../config/layout.ts'
import { readCertificate } from '../pki/files.ts'
import { createJoinToken, formatJoinToken, type JoinToken } from '../pki/token.ts'

/** Group of tokens with which masters may join, beside workers. */
export const controlPlaneGroup = 'system:bootstrappers:quorate:control-plane'

/** The name of the Secret in kube-system that keeps the token of this ID. */
export function tokenSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/** A new token of this cluster; it counts once it is a Secret. `text` is what people pass on. */
export function newJoinToken(layout: DataLayout): JoinToken & { readonly text: string } {
  const token = createJoinToken(readCertificate(layout.pki, 'ca'))
  return { ...token, text: formatJoinToken(token) }
}
