import { keepTimes } from '../../api/fieldmanagement/field-manager.ts'
import { modelOfKind } from '../../api/fieldmanagement/model.ts'
import type { UserInfo } from '../../api/http.ts'
import { cloneJson } from '../../api/json.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { DeleteOptions } from '../../api/objects.ts'
import { namedAs } from '../../api/resources/convert.ts'
import type { ResourceRow, Subresource } from '../../api/resources/types.ts'
import { typeOfKind } from '../../api/schema/lookup.ts'
import { asHeld } from '../../api/schema/written.ts'
import { alreadyExists, badRequest, invalid, type StatusError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import { validateMetadata, validateUpdatedMetadata } from '../../api/validation/metadata.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Admission } from '../admission/plugins.ts'
import type { AdmissionAttributes } from '../admission/types.ts'
import { noClaims } from '../storage/claims.ts'
import { type Entry, objectOf } from '../storage/entry.ts'
import type { NextState, Storage, Updated, WriteOptions } from '../storage/storage.ts'
import type { Allocator } from './allocator.ts'
import { checkPreconditions, deletionOf, markRemoved } from './delete.ts'
import { apiTime, fillNewMetadata, generateName } from './metadata.ts'
import { checkVersion, isGone, type Part, prepareUpdate } from './update.ts'

/** How a write is carried out, and for whom. */
export interface RequestOptions extends WriteOptions {
  readonly user: UserInfo
  /** What the client is to be told besides the answer; a write adds to it. */
  readonly warnings: string[]
  /**
   * Says in `next` who owns what now, before admission has its say; `old` is absent for a new
   * object. Absent for an apply, which says so itself, and for what is not kept.
   */
  readonly track?: (next: KubeObject, old?: KubeObject) => void
}

/** What an update does to the object it is given; it may change it in place or return another. */
export type Change = (current: KubeObject) => KubeObject | Promise<KubeObject>

/** An update, and which part of the object it is about. */
export interface UpdateRequest {
  readonly part: Part
  /** '' for the object itself. */
  readonly subresource?: string
  readonly change: Change
}

const nameTriesMax = 8
const racesMax = 20

/**
 * Writes of objects of any kind: prepared by the rules of their row, completed and judged by
 * admission, validated, and stored. Source: apiserver pkg/registry/generic/registry/store.go.
 */
export class RegistryStore {
  readonly #storage: Storage
  readonly #admission: Admission
  readonly #allocators: ReadonlyMap<ResourceRow, Allocator>
  readonly #clock: Clock

  constructor(
    storage: Storage,
    admission: Admission,
    allocators: ReadonlyMap<ResourceRow, Allocator>,
    clock: Clock,
  ) {
    this.#storage = storage
    this.#admission = admission
    this.#allocators = allocators
    this.#clock = clock
  }

  /** Stores a new object. @throws StatusError 403, 404 namespace, 409, 422 */
  async create(row: ResourceRow, object: KubeObject, options: RequestOptions): Promise<Entry> {
    const isGenerated = !object.metadata.name && Boolean(object.metadata.generateName)
    const version = object.metadata.resourceVersion ?? ''
    const { namespace = '', name = '' } = object.metadata
    const { user, dryRun, track } = options
    const attributes: AdmissionAttributes = {
      ...{ operation: 'CREATE', row, subresource: '', namespace, name, object, user, dryRun },
    }
    asGoHasIt(row, object)
    row.applyDefaults?.(object)
    track?.(object)
    await this.#admission.admit(attributes)
    fillNewMetadata(row, object, this.#clock.wall())
    row.prepareCreate?.(object, user, apiTime(this.#clock.wall()))
    // Whoever reads it gives it its defaults again.
    row.applyDefaults?.(object)
    asGoHasIt(row, object)
    if (!dryRun && /^[0-9]*[1-9][0-9]*$/.test(version)) throw versionOnCreate()
    for (let tries = 1; ; tries++) {
      const done = await this.#tryCreate(attributes, object, options)
      if (done !== 'exists') return done
      const taken = object.metadata.name ?? ''
      if (!isGenerated || tries === nameTriesMax)
        throw await this.#taken(row, namespace, taken, options)
      object.metadata.name = generateName(object.metadata.generateName ?? '')
    }
  }

  async #taken(
    row: ResourceRow,
    namespace: string,
    name: string,
    { asked }: RequestOptions,
  ): Promise<StatusError> {
    const there = await this.#storage.get(row, namespace, name)
    const isGoing = there !== undefined && objectOf(there).metadata.deletionTimestamp !== undefined
    return alreadyExists(namedAs(row, asked), name, isGoing)
  }

  async #tryCreate(
    attributes: AdmissionAttributes,
    object: KubeObject,
    options: RequestOptions,
  ): Promise<Entry | 'exists'> {
    const { row } = attributes
    const allocator = this.#allocators.get(row)
    for (let races = 0; ; races++) {
      const claims = allocator?.allocate(object, undefined) ?? noClaims
      check(row, object, options)
      await this.#admission.validate(attributes)
      const done = await this.#storage.create(row, object, claims, options)
      if (done !== 'claimed') {
        options.warnings.push(...(row.warnings?.(object, undefined) ?? []))
        return done
      }
      if (races === racesMax) return 'exists'
      allocator?.forget(object)
    }
  }

  /**
   * Changes an object; repeats with the newest state when it lost a race, unless the client's
   * resourceVersion says that the race matters.
   * @throws StatusError 404, 409, 422
   */
  async update(
    row: ResourceRow,
    namespace: string,
    name: string,
    { part, subresource = '', change }: UpdateRequest,
    options: RequestOptions,
  ): Promise<Entry> {
    const { user, dryRun, track } = options
    const allocator = this.#allocators.get(row)
    let warnings: readonly string[] = []
    const tryUpdate = async (current: KubeObject, entry: Entry): Promise<NextState> => {
      const old = copyOf(current)
      const next = await change(current)
      checkVersion(row, namedAs(row, options.asked), next, old, entry)
      const attributes: AdmissionAttributes = {
        ...{ operation: 'UPDATE', row, subresource, namespace, name, user, dryRun },
        ...{ object: next, old },
      }
      asGoHasIt(row, next)
      row.applyDefaults?.(next)
      track?.(next, old)
      await this.#admission.admit(attributes)
      asGoHasIt(row, next)
      const sub = row.subresources.find(one => one.name === subresource)
      prepareUpdate(row, next, old, part, apiTime(this.#clock.wall()), sub)
      row.applyDefaults?.(next)
      const claims = allocator?.allocate(next, old)
      keepTimes(modelOfKind(apiVersionOf(row), row.kind), next, old)
      checkUpdate(row, next, old, part, options, sub)
      await this.#admission.validate(attributes)
      if (part === 'main') warnings = row.warnings?.(next, old) ?? []
      if (part === 'status') warnings = row.statusWarnings?.(next) ?? []
      if (!isGone(row, next)) return { object: next, claims }
      return { object: next, isRemoved: true, claims: allocator?.free(old) }
    }
    const done = await this.#storage.guaranteedUpdate(row, namespace, name, tryUpdate, options)
    options.warnings.push(...warnings)
    return done.entry
  }

  /**
   * Removes an object, or marks it and leaves the rest to whoever it waits for.
   * @throws StatusError 403, 404, 409
   */
  delete(
    row: ResourceRow,
    namespace: string,
    name: string,
    deletion: DeleteOptions,
    options: RequestOptions,
  ): Promise<Updated> {
    const { user, dryRun } = options
    const wallMs = this.#clock.wall()
    const { propagationPolicy, orphanDependents } = deletion
    const isOpen = propagationPolicy === undefined && orphanDependents === undefined
    if (row.deletionWarning !== undefined && isOpen) options.warnings.push(row.deletionWarning)
    const tryUpdate = async (current: KubeObject, entry: Entry): Promise<NextState> => {
      checkPreconditions(row, current, deletion)
      const attributes: AdmissionAttributes = {
        ...{ operation: 'DELETE', row, subresource: '', namespace, name, user, dryRun },
        old: current,
      }
      await this.#admission.admit(attributes)
      await this.#admission.validate(attributes)
      const next = deletionOf(row, current, deletion, wallMs)
      if (next !== 'remove') return { object: next }
      const last = objectOf(entry)
      const claims = this.#allocators.get(row)?.free(last)
      return { object: markRemoved(row, last, wallMs), isRemoved: true, claims }
    }
    return this.#storage.guaranteedUpdate(row, namespace, name, tryUpdate, options)
  }
}

/** The object as it was, for what changes it; entries of owners are never changed, and shared. */
function copyOf(object: KubeObject): KubeObject {
  const { managedFields, ...metadata } = object.metadata
  const copy = cloneJson({ ...object, metadata })
  if (managedFields === undefined) return copy
  return { ...copy, metadata: { ...copy.metadata, managedFields } }
}

/** Source: apiserver pkg/storage ErrResourceVersionSetOnCreate; a dry run passes, as upstream. */
function versionOnCreate(): StatusError {
  return badRequest('resourceVersion should not be set on objects to be created')
}

/** With what Go's types have though nobody wrote it: rules need not ask whether it is there. */
function asGoHasIt(row: ResourceRow, object: KubeObject): void {
  const type = typeOfKind(apiVersionOf(row), row.kind)
  if (type !== undefined) asHeld(type, object as unknown as Record<string, unknown>)
}

function check(row: ResourceRow, object: KubeObject, { asked = row }: RequestOptions): void {
  const causes = new Causes()
  validateMetadata(row, object, causes)
  row.validate?.(object, causes, asked)
  row.validateNew?.(object, causes, asked)
  if (causes.list.length > 0) throw invalid(row, object.metadata.name ?? '', causes.list)
}

function checkUpdate(
  row: ResourceRow,
  next: KubeObject,
  old: KubeObject,
  part: Part,
  { asked = row }: RequestOptions,
  sub?: Subresource,
): void {
  const causes = new Causes()
  validateUpdatedMetadata(row, next, old, part === 'main', causes)
  if (part === 'main') {
    if (!row.updateIsJudgedAlone) row.validate?.(next, causes, asked)
    row.validateUpdate?.(next, old, causes, asked)
  } else if (part === 'status') {
    if (sub?.validateUpdate) sub.validateUpdate(next, old, causes, asked)
    else row.validateStatus?.(next, old, causes, asked)
  } else if (part === 'system') sub?.validateUpdate?.(next, old, causes, asked)

  if (causes.list.length > 0) throw invalid(row, next.metadata.name ?? '', causes.list)
}
