import { inRange } from '../../../src/mvcc/check.ts'
import type {
  AuthAction,
  AuthRole,
  AuthUser,
  AuthView,
  Permission,
} from '../../../src/store/auth/types.ts'

/** Users and roles in memory, with etcd's refusals: enough for the etcd face's tests. */
export class FakeAuth implements AuthView {
  enabled = false
  revision = 1
  tokenSecret = ''
  readonly #users = new Map<string, AuthUser>()
  readonly #roles = new Map<string, AuthRole>()

  users = () => [...this.#users.values()]
  user = (name: string) => this.#users.get(name)
  roles = () => [...this.#roles.values()]
  role = (name: string) => this.#roles.get(name)

  isAdmin(user: string): boolean {
    return this.#users.get(user)?.roles.includes('root') ?? false
  }

  refuses(user: string, type: 'read' | 'write', key: string, rangeEnd?: string) {
    const found = this.#users.get(user)
    if (found?.roles.includes('root')) return undefined
    const wanted = type === 'read' ? 'READ' : 'WRITE'
    const held = (found?.roles ?? [])
      .flatMap(role => this.#roles.get(role)?.permissions ?? [])
      .filter(permission => permission.type === 'READWRITE' || permission.type === wanted)
    const covered = held.some(permission => covers(permission, key, rangeEnd))
    return covered ? undefined : 'etcdserver: permission denied'
  }

  /** Returns etcd's refusal, or undefined when the change is made. */
  change(action: AuthAction): string | undefined {
    const before = this.revision
    const refusal = this.#apply(action)
    if (refusal === undefined && before === this.revision) this.revision++
    return refusal
  }

  #apply(action: AuthAction): string | undefined {
    switch (action.type) {
      case 'auth-enable':
        if (!this.#users.has('root')) return 'etcdserver: root user does not exist'
        if (!this.isAdmin('root')) return 'etcdserver: root user does not have root role'
        this.enabled = true
        this.tokenSecret = action.tokenSecret
        return undefined
      case 'auth-disable':
        this.enabled = false
        return undefined
      case 'role-add':
      case 'role-delete':
      case 'role-grant':
      case 'role-revoke':
        return this.#applyRole(action)
      default:
        return this.#applyUser(action)
    }
  }

  #applyUser(action: AuthAction & { type: `user-${string}` }): string | undefined {
    const { name } = action
    const user = this.#users.get(name)
    if (action.type === 'user-add') {
      if (name === '') return 'etcdserver: user name is empty'
      if (user) return 'etcdserver: user name already exists'
      const { passwordHash, noPassword } = action
      this.#users.set(name, { name, passwordHash, noPassword, roles: [] })
      return undefined
    }
    const protects = action.type === 'user-delete' || action.type === 'user-revoke'
    if (this.enabled && name === 'root' && protects) return 'etcdserver: invalid auth management'
    if (!user) return 'etcdserver: user name not found'
    if (action.type === 'user-delete') this.#users.delete(name)
    if (action.type === 'user-password') {
      this.#users.set(name, { ...user, passwordHash: action.passwordHash })
    }
    if (action.type === 'user-grant') {
      if (action.role !== 'root' && !this.#roles.has(action.role)) {
        return 'etcdserver: role name not found'
      }
      const roles = [...new Set([...user.roles, action.role])].sort()
      this.#users.set(name, { ...user, roles })
    }
    if (action.type === 'user-revoke') {
      if (!user.roles.includes(action.role)) return 'etcdserver: role is not granted to the user'
      const roles = user.roles.filter(role => role !== action.role)
      this.#users.set(name, { ...user, roles })
    }
    return undefined
  }

  #applyRole(action: AuthAction & { type: `role-${string}` }): string | undefined {
    const { name } = action
    const role = this.#roles.get(name)
    if (action.type === 'role-add') {
      if (name === '') return 'etcdserver: role name is empty'
      if (role) return 'etcdserver: role name already exists'
      this.#roles.set(name, { name, permissions: [] })
      return undefined
    }
    if (!role) return 'etcdserver: role name not found'
    if (action.type === 'role-delete') {
      this.#roles.delete(name)
      for (const user of this.#users.values()) {
        this.#users.set(user.name, { ...user, roles: user.roles.filter(held => held !== name) })
      }
    }
    if (action.type === 'role-grant') {
      const { permission } = action
      const others = role.permissions.filter(held => !sameRange(held, permission))
      const permissions = [...others, permission].sort((a, b) => (a.key < b.key ? -1 : 1))
      this.#roles.set(name, { name, permissions })
    }
    if (action.type === 'role-revoke') {
      const permissions = role.permissions.filter(held => !sameRange(held, action))
      if (permissions.length === role.permissions.length) {
        return 'etcdserver: permission is not granted to the role'
      }
      this.#roles.set(name, { name, permissions })
    }
    return undefined
  }
}

type Range = Pick<Permission, 'key' | 'rangeEnd'>

function sameRange(left: Range, right: Range): boolean {
  return left.key === right.key && (left.rangeEnd ?? '') === (right.rangeEnd ?? '')
}

function covers(permission: Permission, key: string, rangeEnd: string | undefined): boolean {
  if (!inRange(key, permission.key, permission.rangeEnd)) return false
  if (rangeEnd === undefined || rangeEnd === '') return true
  if (permission.rangeEnd === '\0') return true
  return permission.rangeEnd !== undefined && rangeEnd !== '\0' && rangeEnd <= permission.rangeEnd
}
