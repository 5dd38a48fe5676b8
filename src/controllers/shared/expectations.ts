/**
 * Our own writes that the caches do not show yet: until they do, counting again would create or
 * delete twice. Creates are awaited by the revision they got, deletes by the pod's uid.
 * Source of the idea: pkg/controller/controller_utils.go ControllerExpectations; theirs counts
 * events, ours compares revisions, for all caches follow one revision.
 */
export class Expectations {
  readonly #created = new Map<string, number>()
  readonly #deleted = new Map<string, Set<string>>()

  created(key: string, resourceVersion: string | undefined): void {
    const revision = Number(resourceVersion ?? 0)
    this.#created.set(key, Math.max(this.#created.get(key) ?? 0, revision))
  }

  deleted(key: string, uid: string): void {
    const uids = this.#deleted.get(key) ?? new Set()
    this.#deleted.set(key, uids.add(uid))
  }

  /** `stillThere`: whether the cache shows the uid as living. */
  satisfied(key: string, cacheRevision: number, stillThere: (uid: string) => boolean): boolean {
    const awaited = this.#created.get(key)
    if (awaited !== undefined) {
      if (cacheRevision < awaited) return false
      this.#created.delete(key)
    }
    const uids = this.#deleted.get(key)
    if (!uids) return true
    for (const uid of uids) if (!stillThere(uid)) uids.delete(uid)
    if (uids.size === 0) this.#deleted.delete(key)
    return uids.size === 0
  }

  forget(key: string): void {
    this.#created.delete(key)
    this.#deleted.delete(key)
  }
}
