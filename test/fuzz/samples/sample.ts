/** A valid object of each kind, with most of the fields that something looks at. */
export interface Sample {
  readonly kind: string
  /** The only one that it may have. */
  readonly name?: string
  /** Of the collection. */
  readonly path: string
  readonly object: Readonly<Record<string, unknown>>
}

export const core = '/api/v1'
export const namespaced = (gv: string, resource: string) => `${gv}/namespaces/default/${resource}`
