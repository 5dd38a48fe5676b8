import { randomBytes } from 'node:crypto'
import type { AuthAction, AuthView, Caller, Permission } from '../../store/auth/types.ts'
import * as rpc from '../../store/etcd/rpc/auth.ts'
import type { MessageType } from '../../store/etcd/rpc/message.ts'
import type { PasswordHasher } from '../auth/hasher.ts'
import { type Context, must, proposal, timeoutOf, unary } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, Method } from '../grpc/types.ts'
import { endOf } from './ops.ts'

/** The Auth service. Source: etcd server/etcdserver/api/v3rpc/auth.go, server/auth/store.go. */
export function authMethods(context: Context, hasher: PasswordHasher): Record<string, Method> {
  const changes: Record<string, Method> = {
    AuthEnable: change(context, rpc.emptyRequest, async () => ({
      type: 'auth-enable',
      tokenSecret: randomBytes(32).toString('hex'),
    })),
    AuthDisable: change(context, rpc.emptyRequest, async () => ({ type: 'auth-disable' })),
    UserAdd: change(context, rpc.userAddRequest, async ({ name, password, options }) => {
      const noPassword = options?.noPassword ?? false
      const passwordHash = noPassword ? '' : await hasher.hash(password)
      return { type: 'user-add', name, passwordHash, noPassword }
    }),
    UserDelete: change(context, rpc.userRequest, async ({ name }) => ({
      type: 'user-delete',
      name,
    })),
    UserChangePassword: change(
      context,
      rpc.userChangePasswordRequest,
      async ({ name, password }) => ({
        type: 'user-password',
        name,
        passwordHash: password === '' ? '' : await hasher.hash(password),
      }),
    ),
    UserGrantRole: change(context, rpc.userGrantRoleRequest, async ({ user, role }) => ({
      type: 'user-grant',
      name: user,
      role,
    })),
    UserRevokeRole: change(context, rpc.userRevokeRoleRequest, async ({ name, role }) => ({
      type: 'user-revoke',
      name,
      role,
    })),
    RoleAdd: change(context, rpc.roleAddRequest, async ({ name }) => ({ type: 'role-add', name })),
    RoleDelete: change(context, rpc.roleRequest, async ({ role }) => ({
      type: 'role-delete',
      name: role,
    })),
    RoleGrantPermission: change(context, rpc.roleGrantPermissionRequest, async ({ name, perm }) => {
      if (perm === undefined) throw etcdError('etcdserver: permission not given')
      return { type: 'role-grant', name, permission: permissionOf(perm) }
    }),
    RoleRevokePermission: change(
      context,
      rpc.roleRevokePermissionRequest,
      async ({ role, key, rangeEnd }) => ({
        type: 'role-revoke',
        name: role,
        key,
        ...endOf(rangeEnd),
      }),
    ),
  }
  return { ...changes, ...readMethods(context, hasher) }
}

function readMethods(context: Context, hasher: PasswordHasher): Record<string, Method> {
  const { admission } = context
  return {
    AuthStatus: unary(context, {
      request: rpc.emptyRequest,
      response: rpc.authStatusResponse,
      async handle(_request, call) {
        const auth = await viewFor(context, call, caller => admission.checkAdmin(caller))
        return { header: context.header(), enabled: auth.enabled, authRevision: auth.revision }
      },
    }),
    Authenticate: unary(context, {
      request: rpc.authenticateRequest,
      response: rpc.authenticateResponse,
      async handle({ name, password }, call) {
        await must(context.options.store.readIndex(timeoutOf(call)))
        await checkPassword(context, hasher, name, password)
        return { header: context.header(), token: admission.tokenFor(name) }
      },
    }),
    UserGet: unary(context, {
      request: rpc.userRequest,
      response: rpc.namesResponse,
      async handle({ name }, call) {
        const auth = await viewFor(context, call, caller => {
          if (caller.user !== name || name === '') admission.checkAdmin(caller)
        })
        const user = auth.user(name)
        if (user === undefined) throw etcdError('etcdserver: user name not found')
        return { header: context.header(), names: user.roles }
      },
    }),
    UserList: unary(context, {
      request: rpc.emptyRequest,
      response: rpc.namesResponse,
      async handle(_request, call) {
        const auth = await viewFor(context, call, caller => admission.checkAdmin(caller))
        return { header: context.header(), names: sortedNames(auth.users()) }
      },
    }),
    RoleGet: unary(context, {
      request: rpc.roleRequest,
      response: rpc.roleGetResponse,
      handle: ({ role }, call) => roleGet(context, role, call),
    }),
    RoleList: unary(context, {
      request: rpc.emptyRequest,
      response: rpc.namesResponse,
      async handle(_request, call) {
        const auth = await viewFor(context, call, caller => admission.checkAdmin(caller))
        return { header: context.header(), names: sortedNames(auth.roles()) }
      },
    }),
  }
}

/** A method that puts one action through the log; only the root role may, once that counts. */
function change<Request>(
  context: Context,
  request: MessageType<Request>,
  actionOf: (request: Request) => Promise<AuthAction>,
): Method {
  return unary(context, {
    request,
    response: rpc.headerResponse,
    async handle(message, call) {
      const options = proposal(context, call)
      context.admission.checkAdmin(options.caller)
      const action = await actionOf(message)
      await must(context.options.store.authChange(action, options))
      return { header: context.header() }
    },
  })
}

/** Users and roles as of now, after `check` has let the caller pass. */
async function viewFor(
  context: Context,
  call: Call,
  check: (caller: Caller) => void,
): Promise<AuthView> {
  const caller = context.admission.callerOf(call)
  await must(context.options.store.readIndex(timeoutOf(call)))
  if (context.options.store.auth.enabled) check(caller)
  return context.options.store.auth
}

async function roleGet(context: Context, name: string, call: Call) {
  const auth = await viewFor(context, call, caller => {
    const held = context.options.store.auth.user(caller.user)?.roles.includes(name)
    if (!held) context.admission.checkAdmin(caller)
  })
  const role = auth.role(name)
  if (role === undefined) throw etcdError('etcdserver: role name not found')
  const perm = role.permissions.map(({ type, key, rangeEnd = '' }) => ({
    permType: rpc.permissionTypes.indexOf(type),
    key,
    rangeEnd,
  }))
  return { header: context.header(), perm }
}

function permissionOf(perm: {
  readonly permType?: number
  readonly key?: string
  readonly rangeEnd?: string
}): Permission {
  const type = rpc.permissionTypes[perm.permType ?? 0]
  if (type === undefined) throw etcdError('etcdserver: invalid auth management')
  return { type, key: perm.key ?? '', ...endOf(perm.rangeEnd) }
}

function sortedNames(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name).sort()
}

/** Not one of rpctypes: etcd answers it with the code Unknown. */
const noPasswordText = 'auth: authentication failed, password was given for no password user'

/** Users may change while bcrypt works: then the check is repeated. */
async function checkPassword(
  context: Context,
  hasher: PasswordHasher,
  name: string,
  password: string,
): Promise<void> {
  for (;;) {
    const { auth } = context.options.store
    if (!auth.enabled) throw etcdError('etcdserver: authentication is not enabled')
    const { revision } = auth
    const user = auth.user(name)
    if (user?.noPassword) throw etcdError(noPasswordText)
    if (!user?.passwordHash || !(await hasher.matches(password, user.passwordHash))) {
      throw etcdError('etcdserver: authentication failed, invalid user ID or password')
    }
    if (context.options.store.auth.revision === revision) return
  }
}
