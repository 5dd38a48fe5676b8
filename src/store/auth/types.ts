import type { Key } from '../../mvcc/types.ts'

/**
 * Who asks. `authRevision`: of the view that admitted the request, which is applied only where it
 * still holds.
 */
export interface Caller {
  readonly user: string
  readonly authRevision: number
}

/** Who was admitted while authentication was off: refused wherever it is on by then. */
export const unasked: Caller = { user: '', authRevision: 0 }

export type PermissionType = 'READ' | 'WRITE' | 'READWRITE'

/** May read or write [key, rangeEnd); `rangeEnd` absent: the key alone, "\0": to the end. */
export interface Permission {
  readonly type: PermissionType
  readonly key: Key
  readonly rangeEnd?: Key
}

export interface AuthUser {
  readonly name: string
  /** bcrypt; empty with `noPassword`. */
  readonly passwordHash: string
  readonly noPassword: boolean
  readonly roles: readonly string[]
}

export interface AuthRole {
  readonly name: string
  readonly permissions: readonly Permission[]
}

/** The replicated users and roles, as this member has applied them. Source: etcd auth store. */
export interface AuthView {
  readonly enabled: boolean
  /** Grows with each change; requests admitted under an older one are refused. */
  readonly revision: number
  /** Signs tokens: the same on every member. Hex. */
  readonly tokenSecret: string
  users(): readonly AuthUser[]
  user(name: string): AuthUser | undefined
  roles(): readonly AuthRole[]
  role(name: string): AuthRole | undefined
  /** etcd's refusal of a read or write of a range by `user`, or undefined. */
  refuses(user: string, type: 'read' | 'write', key: Key, rangeEnd?: Key): string | undefined
  isAdmin(user: string): boolean
}

/** A change of users and roles, as it goes through the log. */
export type AuthAction =
  | { readonly type: 'auth-enable'; readonly tokenSecret: string }
  | { readonly type: 'auth-disable' }
  | {
      readonly type: 'user-add'
      readonly name: string
      readonly passwordHash: string
      readonly noPassword: boolean
    }
  | { readonly type: 'user-delete'; readonly name: string }
  | { readonly type: 'user-password'; readonly name: string; readonly passwordHash: string }
  | { readonly type: 'user-grant'; readonly name: string; readonly role: string }
  | { readonly type: 'user-revoke'; readonly name: string; readonly role: string }
  | { readonly type: 'role-add'; readonly name: string }
  | { readonly type: 'role-delete'; readonly name: string }
  | { readonly type: 'role-grant'; readonly name: string; readonly permission: Permission }
  | {
      readonly type: 'role-revoke'
      readonly name: string
      readonly key: Key
      readonly rangeEnd?: Key
    }
