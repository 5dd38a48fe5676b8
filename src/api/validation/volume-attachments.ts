import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateDriverName } from './csi.ts'
import { dnsSubdomainErrors } from './names.ts'

/** Source of all: kubernetes pkg/apis/storage/validation/validation.go. */

const metadataBytesMax = 256 * 1024
const messageBytesMax = 1024
const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

/** What a new one has to be. The volume within it, which only migration makes, is not looked at. */
export function validateVolumeAttachment(object: KubeObject, causes: Causes): void {
  validateAny(object, causes)
  const { attacher = '', source = {} } = object.spec ?? {}
  validateDriverName(attacher, 'spec.attacher', causes)
  const { persistentVolumeName: name } = source
  for (const text of name === undefined ? [] : dnsSubdomainErrors(name)) {
    causes.invalid('spec.source.persistentVolumeName', name, text)
  }
}

export function validateVolumeAttachmentUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  validateAny(next, causes)
  if (semanticEqual(next.spec, old.spec)) return
  const { attacher = '', nodeName = '', source = {} } = next.spec ?? {}
  const shown = {
    Attacher: attacher,
    Source: {
      PersistentVolumeName: source.persistentVolumeName ?? null,
      InlineVolumeSpec: source.inlineVolumeSpec ?? null,
    },
    NodeName: nodeName,
  }
  causes.invalid('spec', shown, 'field is immutable')
}

function validateAny({ spec = {}, status = {} }: KubeObject, causes: Causes): void {
  const { attacher = '', nodeName = '', source = {} } = spec
  if (attacher === '') causes.required('spec.attacher')
  const { inlineVolumeSpec, persistentVolumeName: name } = source
  if (inlineVolumeSpec === undefined && name === undefined) {
    causes.required('spec.source', exactlyOne)
  } else if (inlineVolumeSpec !== undefined && name !== undefined) {
    causes.forbidden('spec.source', exactlyOne)
  } else if (name === '') {
    const text = 'must specify non empty persistentVolumeName'
    causes.required('spec.source.persistentVolumeName', text)
  }
  for (const text of dnsSubdomainErrors(nodeName)) causes.invalid('spec.nodeName', nodeName, text)
  const texts = Object.entries(status.attachmentMetadata ?? {}).flat() as string[]
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > metadataBytesMax) causes.tooLong('status.attachmentMetadata', metadataBytesMax)
  for (const field of ['attachError', 'detachError']) {
    validateVolumeError(status[field] ?? {}, `status.${field}`, causes)
  }
}

function validateVolumeError(
  { message = '', errorCode }: { message?: string; errorCode?: number },
  path: string,
  causes: Causes,
): void {
  // Upstream shows the other limit.
  if (Buffer.byteLength(message) > messageBytesMax) {
    causes.tooLong(`${path}.message`, metadataBytesMax)
  }
  if (errorCode !== undefined && errorCode < 0) {
    causes.invalid(`${path}.errorCode`, errorCode, 'must be between 0 and 2147483647, inclusive')
  }
}
