import type { FieldManager } from '../../api/fieldmanagement/field-manager.ts'
import { cloneJson } from '../../api/json.ts'
import type { Attributes } from '../filters/attributes.ts'
import { readObject } from './body.ts'
import type { Parts } from './context.ts'
import type { Expected } from './decode.ts'
import { checkWriteOptions, type OptionsKind } from './options.ts'
import { preparePatch } from './patch.ts'
import type { PreparedPatch } from './prepared-patch.ts'

/** A PUT's object or a PATCH, as a change of the current state. */
export async function changeOf(
  parts: Parts,
  attributes: Attributes,
  expected: Expected,
  verb: string,
  manager: () => FieldManager,
): Promise<PreparedPatch> {
  if (verb === 'patch') return preparePatch(parts.decoder, attributes.request, expected, manager)
  checkWriteOptions('UpdateOptions', attributes.request.query)
  const { object, warnings } = await readObject(parts.decoder, attributes.request, expected)
  return { isApply: false, warnings: [...warnings], apply: () => cloneJson(object) }
}

export function optionsOf(verb: string): OptionsKind {
  return verb === 'patch' ? 'PatchOptions' : 'UpdateOptions'
}
