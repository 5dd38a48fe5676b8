import type { UserInfo } from '../http.ts'
import type { Column } from '../printers/types.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from '../validation/causes.ts'

/** A part of an object with a path of its own: `pods/status`. */
export interface Subresource {
  readonly name: string
  /** Kind of its bodies, when it is not the parent's. */
  readonly kind: string
  /** Group and version of that kind, when they are not the parent's. */
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
  /**
   * Labels, annotations, owners and finalizers stay as they are.
   * Source: meta/v1 ResetObjectMetaForStatus.
   */
  readonly keepsMetadata?: boolean
  /** Of a part of the status that is not `status`: as `prepareStatus` and `validateStatus`. */
  prepareUpdate?(next: KubeObject, old: KubeObject, now: string): void
  validateUpdate?(next: KubeObject, old: KubeObject, causes: Causes, asked: ServedVersion): void
}

/** Between a version that clients ask for and the stored one. Nothing may be lost either way. */
export interface Conversion {
  /** May change its argument. */
  toStored(object: KubeObject): KubeObject
  /** May change its argument. */
  toServed(object: KubeObject): KubeObject
}

/** A version in which clients can ask for a resource. */
export interface ServedVersion {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Absent: it differs from the stored one by its apiVersion only. */
  readonly conversion?: Conversion
  /** The warning of every answer in a version that is deprecated. */
  readonly deprecation?: string
}

/**
 * One resource of the API. Routes, discovery, OpenAPI, tables, the store's keys and the short names
 * all derive from these rows. The functions change or judge an object that they own.
 */
export interface ResourceRow {
  /** Empty for the core group. */
  readonly group: string
  /** In which it is stored, and served too. */
  readonly version: string
  /** See ServedVersion. */
  readonly deprecation?: string
  /** Further versions, of this or of another group. */
  readonly alsoServed: readonly ServedVersion[]
  /** Plural, as in paths. */
  readonly resource: string
  readonly kind: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Under `/registry/`, upstream's: `minions`, `services/specs`. */
  readonly prefix: string
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
  /** Objects vanish so long after their last write; upstream's `--event-ttl` for events. */
  readonly ttlSeconds?: number
  /** A change outside of metadata and status counts `metadata.generation` up. */
  readonly generation: boolean
  /** Status moves only through /status. */
  readonly status: boolean
  /** What upstream's SetDefaults functions do. */
  applyDefaults?(object: KubeObject): void
  /** Upstream's strategy.PrepareForCreate. */
  prepareCreate?(object: KubeObject, user: UserInfo, now: string): void
  /** Upstream's strategy.PrepareForUpdate; status is kept already when `status` is set. */
  prepareUpdate?(next: KubeObject, old: KubeObject): void
  /**
   * Upstream's status strategy.PrepareForUpdate, after everything but metadata and status is put
   * back to what it was. `now` is the time as the API writes it.
   */
  prepareStatus?(next: KubeObject, old: KubeObject, now: string): void
  /** Upstream's status strategy.ValidateUpdate; names and labels are checked for every kind. */
  validateStatus?(next: KubeObject, old: KubeObject, causes: Causes, asked: ServedVersion): void
  /** Upstream's WarningsOnCreate, and WarningsOnUpdate where there is an old object. */
  warnings?(object: KubeObject, old: KubeObject | undefined): readonly string[]
  /** Upstream's WarningsOnUpdate of the status strategy. */
  statusWarnings?(object: KubeObject): readonly string[]
  /** What upstream says when a client leaves the fate of the dependents open. */
  readonly deletionWarning?: string
  /** Dependents stay when a deletion leaves it open: DefaultGarbageCollectionPolicy. */
  readonly orphansDependents?: boolean
  /**
   * Objects without these marks pass; names and labels are checked for every kind. `asked`: the
   * version of the request, for rules that only some have.
   */
  validate?(object: KubeObject, causes: Causes, asked: ServedVersion): void
  /** What holds for new objects only. */
  validateNew?(object: KubeObject, causes: Causes, asked: ServedVersion): void
  validateUpdate?(next: KubeObject, old: KubeObject, causes: Causes, asked: ServedVersion): void
  /** An update is judged by `validateUpdate` alone: ValidateUpdate does not begin with Validate. */
  readonly updateIsJudgedAlone?: boolean
  /**
   * How often upstream looks at the metadata of an update: twice for all kinds, and once or twice
   * in the rules of a kind. Default: 3 where `updateIsJudgedAlone`, else 4.
   */
  readonly metadataLooks?: 2 | 3 | 4
  /** DELETE answers with the object that is gone: ReturnDeletedObject. */
  readonly returnsDeleted?: boolean
  /** A PUT has to say which version it replaces: AllowUnconditionalUpdate is false. */
  readonly needsVersion?: boolean
  /** A PUT of what is not there creates it: AllowCreateOnUpdate. */
  readonly createOnUpdate?: boolean
  /**
   * How names are judged; default: DNS-1123 subdomain. A function gives what is wrong with a name,
   * or with the beginning of one that is to be generated.
   */
  readonly nameRule?:
    | ('subdomain' | 'label' | 'service' | 'any')
    | ((name: string, isPrefix: boolean) => readonly string[])
  readonly columns: readonly Column[]
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: KubeObject) => string>>
  /** What is said of another one, where upstream has words of its own. */
  readonly unknownField?: (field: string) => string
}
