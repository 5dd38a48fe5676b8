import { createPublicKey, verify, X509Certificate } from 'node:crypto'

/**
 * Requests for certificates, and certificates, in PEM.
 * Source: kubernetes pkg/apis/certificates/helpers.go ParseCSR, crypto/x509.
 */

/** One value of DER: its tag, its content, and all its bytes. */
interface Value {
  readonly tag: number
  readonly content: Buffer
  readonly whole: Buffer
}

const sequence = 0x30
const bitString = 0x03

/** Algorithms by the hex of their object identifiers; Ed25519 has no digest of its own. */
const digests: Readonly<Record<string, string | null>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha1',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
}

/** What is wrong with a request in base64; undefined: nothing. */
export function requestError(base64: string): string | undefined {
  const [block] = pemBlocks(Buffer.from(base64, 'base64').toString('latin1'))
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  const parts = childrenOf(readValue(block.bytes))
  const [body, algorithm, signature] = parts ?? []
  const digest = digests[childrenOf(algorithm)?.[0]?.content.toString('hex') ?? '']
  const key = childrenOf(body)?.[2]
  if (!body || !key || signature?.tag !== bitString)
    return "asn1: structure error: tags don't match"
  if (digest === undefined) {
    return 'x509: cannot verify signature: algorithm unimplemented'
  }
  return isSigned(body.whole, digest, key.whole, signature.content.subarray(1))
    ? undefined
    : 'x509: signature verification failure'
}

function isSigned(body: Buffer, digest: string | null, key: Buffer, signature: Buffer): boolean {
  try {
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
    return verify(digest, body, publicKey, signature)
  } catch {
    return false
  }
}

/** What is wrong with certificates in base64. Source: validateCertificate. */
export function certificateError(base64: string): string | undefined {
  if (base64 === '') return undefined
  const blocks = pemBlocks(Buffer.from(base64, 'base64').toString('latin1'))
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    }
    if (hasHeaders) return 'no PEM block headers are permitted'
    try {
      new X509Certificate(bytes)
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}

interface PemBlock {
  readonly type: string
  readonly hasHeaders: boolean
  readonly bytes: Buffer
}

function pemBlocks(text: string): PemBlock[] {
  const pattern = /-----BEGIN ([^-\r\n]*)-----\r?\n([\s\S]*?)-----END \1-----/g
  return [...text.matchAll(pattern)].map(([, type = '', body = '']) => {
    const hasHeaders = body.includes(':')
    const plain = hasHeaders ? body.slice(body.indexOf('\n\n') + 2) : body
    return { type, hasHeaders, bytes: Buffer.from(plain, 'base64') }
  })
}

/** The value that begins at `at`; undefined when its length leads out of the bytes. */
function readValue(bytes: Buffer, at = 0): Value | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (tag === undefined || first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (lengthBytes > 4 || at + 2 + lengthBytes > bytes.length) return undefined
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  const start = at + 2 + lengthBytes
  if (start + length > bytes.length) return undefined
  const content = bytes.subarray(start, start + length)
  return { tag, content, whole: bytes.subarray(at, start + length) }
}

function childrenOf(value: Value | undefined): Value[] | undefined {
  if (value?.tag !== sequence) return undefined
  const children: Value[] = []
  for (let at = 0; at < value.content.length; ) {
    const child = readValue(value.content, at)
    if (child === undefined) return undefined
    children.push(child)
    at += child.whole.length
  }
  return children
}
