import { responseHeader } from './kv.ts'
import { field, message } from './message.ts'

/** Messages of the Auth service. Source: etcd api/etcdserverpb/rpc.proto, api/authpb/auth.proto. */

const header = field.message(1, () => responseHeader)

export const permissionTypes = ['READ', 'WRITE', 'READWRITE'] as const

export const permission = message({
  /** Index in permissionTypes. */
  permType: field.enumeration(1),
  key: field.key(2),
  rangeEnd: field.key(3),
})
export const userAddOptions = message({ noPassword: field.bool(1) })

/** Requests without fields: AuthEnable, AuthDisable, AuthStatus, UserList, RoleList. */
export const emptyRequest = message({})
/** Responses that are a header and no more. */
export const headerResponse = message({ header })

export const authStatusResponse = message({
  header,
  enabled: field.bool(2),
  authRevision: field.int64(3),
})
export const authenticateRequest = message({ name: field.string(1), password: field.string(2) })
export const authenticateResponse = message({ header, token: field.string(2) })

export const userAddRequest = message({
  name: field.string(1),
  password: field.string(2),
  options: field.message(3, () => userAddOptions),
  hashedPassword: field.string(4),
})
/** UserGet and UserDelete. */
export const userRequest = message({ name: field.string(1) })
export const userChangePasswordRequest = message({
  name: field.string(1),
  password: field.string(2),
  hashedPassword: field.string(3),
})
export const userGrantRoleRequest = message({ user: field.string(1), role: field.string(2) })
export const userRevokeRoleRequest = message({ name: field.string(1), role: field.string(2) })
/** UserGet's and RoleList's roles, UserList's users. */
export const namesResponse = message({ header, names: field.repeated(field.string(2)) })

export const roleAddRequest = message({ name: field.string(1) })
/** RoleGet and RoleDelete. */
export const roleRequest = message({ role: field.string(1) })
export const roleGetResponse = message({
  header,
  perm: field.repeated(field.message(2, () => permission)),
})
export const roleGrantPermissionRequest = message({
  name: field.string(1),
  perm: field.message(2, () => permission),
})
export const roleRevokePermissionRequest = message({
  role: field.string(1),
  key: field.key(2),
  rangeEnd: field.key(3),
})
