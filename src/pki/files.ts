import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CertificateRequest, KeyPair } from './authority.ts'

/**
 * Writes a file that only its owner may read, in one step: no half-written key survives a crash.
 */
export function writeSecret(file: string, data: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.tmp-${process.pid}`
  writeFileSync(temporary, data, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, file)
}

/** Reads `<name>.crt` and `<name>.key` of a folder, or undefined when either is missing. */
export function readKeyPair(folder: string, name: string): KeyPair | undefined {
  const certFile = join(folder, `${name}.crt`)
  const keyFile = join(folder, `${name}.key`)
  if (!existsSync(certFile) || !existsSync(keyFile)) return undefined
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}

/** Reads `<name>.crt` alone, for those who only verify. @throws Error when there is none */
export function readCertificate(folder: string, name: string): string {
  return readFileSync(join(folder, `${name}.crt`), 'utf8')
}

/** Writes `<name>.crt` and `<name>.key`; the key first, so that a certificate always has one. */
export function writeKeyPair(folder: string, name: string, pair: KeyPair): void {
  writeSecret(join(folder, `${name}.key`), pair.key)
  writeSecret(join(folder, `${name}.crt`), pair.cert)
}

/** The pair of a folder, issued and kept there if it is missing. */
export async function ensureKeyPair(
  folder: string,
  name: string,
  ca: KeyPair,
  request: CertificateRequest,
): Promise<KeyPair> {
  const existing = readKeyPair(folder, name)
  if (existing) return existing
  // Loading the certificate library costs a start 0.2 s: only when something is to be issued.
  const { issueCertificate } = await import('./authority.ts')
  const issued = await issueCertificate(ca, request)
  writeKeyPair(folder, name, issued)
  return issued
}
