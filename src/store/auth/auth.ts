import { finish, mixString } from '../../mvcc/hash.ts'
import type { Key } from '../../mvcc/types.ts'
import { covers } from './ranges.ts'
import { authTexts as texts } from './texts.ts'
import type { AuthAction, AuthRole, AuthUser, AuthView, Permission } from './types.ts'

const root = 'root'

/** The replicated state as a snapshot has it. */
export interface AuthExport {
  readonly enabled: boolean
  readonly revision: number
  readonly tokenSecret: string
  readonly users: readonly AuthUser[]
  readonly roles: readonly AuthRole[]
}

type Actions = {
  readonly [T in AuthAction['type']]: (
    action: Extract<AuthAction, { type: T }>,
  ) => string | undefined
}

/**
 * Users, roles and permissions as replicated state: pure, changed in log order only. Each change
 * that succeeds raises the revision, and requests admitted before it are refused when they are
 * applied. Source: etcd server/auth/store.go.
 */
export class AuthStore implements AuthView {
  #enabled = false
  #revision = 1
  #tokenSecret = ''
  readonly #users = new Map<string, AuthUser>()
  readonly #roles = new Map<string, AuthRole>()

  get enabled(): boolean {
    return this.#enabled
  }

  get revision(): number {
    return this.#revision
  }

  get tokenSecret(): string {
    return this.#tokenSecret
  }

  users(): readonly AuthUser[] {
    return sorted(this.#users)
  }

  user(name: string): AuthUser | undefined {
    return this.#users.get(name)
  }

  roles(): readonly AuthRole[] {
    return sorted(this.#roles)
  }

  role(name: string): AuthRole | undefined {
    return this.#roles.get(name)
  }

  isAdmin(user: string): boolean {
    return !this.#enabled || (this.#users.get(user)?.roles.includes(root) ?? false)
  }

  refuses(user: string, type: 'read' | 'write', key: Key, rangeEnd?: Key): string | undefined {
    if (!this.#enabled) return undefined
    if (user === '') return texts.userEmpty
    const found = this.#users.get(user)
    if (found === undefined) return texts.denied
    if (found.roles.includes(root)) return undefined
    const permissions = found.roles.flatMap(name => this.#roles.get(name)?.permissions ?? [])
    return covers(permissions, type, key, rangeEnd) ? undefined : texts.denied
  }

  /** Applies a change; returns etcd's refusal, or undefined. */
  apply(action: AuthAction): string | undefined {
    return this.#actions[action.type](action as never)
  }

  export(): AuthExport {
    return {
      ...{ enabled: this.#enabled, revision: this.#revision, tokenSecret: this.#tokenSecret },
      ...{ users: this.users(), roles: this.roles() },
    }
  }

  import(state: AuthExport): void {
    this.#enabled = state.enabled
    this.#revision = state.revision
    this.#tokenSecret = state.tokenSecret
    for (const user of state.users) this.#users.set(user.name, user)
    for (const role of state.roles) this.#roles.set(role.name, role)
  }

  /** Equal on replicas that have applied the same. */
  hash(seed: number): number {
    return finish(mixString(seed, JSON.stringify(this.export())))
  }

  readonly #actions: Actions = {
    'auth-enable': ({ tokenSecret }) => {
      if (this.#enabled) return undefined
      const user = this.#users.get(root)
      if (user === undefined) return texts.rootUserMissing
      if (!user.roles.includes(root)) return texts.rootRoleMissing
      this.#enabled = true
      this.#tokenSecret = tokenSecret
      return undefined
    },
    'auth-disable': () => {
      if (!this.#enabled) return undefined
      this.#enabled = false
      return this.#changed()
    },
    'user-add': ({ name, passwordHash, noPassword }) => {
      if (name === '') return texts.userEmpty
      if (this.#users.has(name)) return texts.userExists
      return this.#setUser({ name, passwordHash, noPassword, roles: [] })
    },
    'user-delete': ({ name }) => {
      if (this.#enabled && name === root) return texts.badManagement
      if (!this.#users.delete(name)) return texts.userMissing
      return this.#changed()
    },
    'user-password': ({ name, passwordHash }) => {
      const user = this.#users.get(name)
      return user === undefined ? texts.userMissing : this.#setUser({ ...user, passwordHash })
    },
    'user-grant': ({ name, role }) => {
      const user = this.#users.get(name)
      if (user === undefined) return texts.userMissing
      if (role !== root && !this.#roles.has(role)) return texts.roleMissing
      if (user.roles.includes(role)) return undefined
      return this.#setUser({ ...user, roles: [...user.roles, role].sort() })
    },
    'user-revoke': ({ name, role }) => {
      if (this.#enabled && name === root && role === root) return texts.badManagement
      const user = this.#users.get(name)
      if (user === undefined) return texts.userMissing
      if (!user.roles.includes(role)) return texts.roleNotGranted
      return this.#setUser({ ...user, roles: user.roles.filter(other => other !== role) })
    },
    'role-add': ({ name }) => {
      if (name === '') return texts.roleEmpty
      if (this.#roles.has(name)) return texts.roleExists
      return this.#setRole({ name, permissions: [] })
    },
    'role-delete': ({ name }) => {
      if (this.#enabled && name === root) return texts.badManagement
      if (!this.#roles.delete(name)) return texts.roleMissing
      for (const user of this.#users.values()) {
        if (!user.roles.includes(name)) continue
        this.#users.set(user.name, { ...user, roles: user.roles.filter(role => role !== name) })
      }
      return this.#changed()
    },
    'role-grant': ({ name, permission }) => {
      const role = this.#roles.get(name)
      if (role === undefined) return texts.roleMissing
      const others = role.permissions.filter(each => !isSameRange(each, permission))
      const permissions = [...others, permission].sort((left, right) =>
        left.key < right.key ? -1 : left.key > right.key ? 1 : 0,
      )
      return this.#setRole({ name, permissions })
    },
    'role-revoke': ({ name, key, rangeEnd }) => {
      const role = this.#roles.get(name)
      if (role === undefined) return texts.roleMissing
      const permissions = role.permissions.filter(each => !isSameRange(each, { key, rangeEnd }))
      if (permissions.length === role.permissions.length) return texts.permissionNotGranted
      return this.#setRole({ name, permissions })
    },
  }

  #setUser(user: AuthUser): undefined {
    this.#users.set(user.name, user)
    return this.#changed()
  }

  #setRole(role: AuthRole): undefined {
    this.#roles.set(role.name, role)
    return this.#changed()
  }

  #changed(): undefined {
    this.#revision++
  }
}

function isSameRange(
  left: Pick<Permission, 'key' | 'rangeEnd'>,
  right: Pick<Permission, 'key' | 'rangeEnd'>,
): boolean {
  return left.key === right.key && (left.rangeEnd ?? '') === (right.rangeEnd ?? '')
}

function sorted<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row)
}
