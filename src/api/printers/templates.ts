import type { PodSpec } from '../objects.ts'
import { selectorOf, selectorText } from '../selectors.ts'
import type { KubeObject } from '../types.ts'
import { mapText } from './core.ts'
import { type Column, column, wideColumn } from './types.ts'

/** What printers say of a pod template. Source: printers.go layoutContainerCells. */

type TemplateOf = (object: KubeObject) => PodSpec | undefined

const ofSpec: TemplateOf = object => object.spec?.template?.spec

const texts = {
  containers: 'Names of each container in the template.',
  images: 'Images referenced by each container in the template.',
}

function namesOf(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(one => one.name).join(',')
}

function imagesOf(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(one => one.image ?? '').join(',')
}

/** The columns of `-o wide` for the containers of a template. */
export function wideTemplateColumns(templateOf: TemplateOf = ofSpec): readonly Column[] {
  return [
    wideColumn('Containers', object => namesOf(templateOf(object)), texts.containers),
    wideColumn('Images', object => imagesOf(templateOf(object)), texts.images),
  ]
}

/** The same in every table. */
export function templateColumns(templateOf: TemplateOf): readonly Column[] {
  return [
    column('Containers', object => namesOf(templateOf(object)), texts.containers),
    column('Images', object => imagesOf(templateOf(object)), texts.images),
  ]
}

/** A label selector in `-o wide`; `<none>` when it selects everything. */
export function selectorColumn(
  description: string,
  of: (object: KubeObject) => unknown = object => object.spec?.selector,
): Column {
  const text = (object: KubeObject) =>
    selectorText(selectorOf(of(object) as Parameters<typeof selectorOf>[0])) || '<none>'
  return wideColumn('Selector', text, description)
}

/** A map as a selector. */
export function mapColumn(
  name: string,
  of: (object: KubeObject) => Record<string, string> | undefined,
  description: string,
  isWide = false,
): Column {
  const cell = (object: KubeObject) => mapText(of(object))
  return isWide ? wideColumn(name, cell, description) : column(name, cell, description)
}
