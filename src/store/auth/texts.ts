/** etcd's texts: clients compare them. Source: etcd api/v3rpc/rpctypes/error.go. */
export const authTexts = {
  rootUserMissing: 'etcdserver: root user does not exist',
  rootRoleMissing: 'etcdserver: root user does not have root role',
  userExists: 'etcdserver: user name already exists',
  userEmpty: 'etcdserver: user name is empty',
  userMissing: 'etcdserver: user name not found',
  roleExists: 'etcdserver: role name already exists',
  roleEmpty: 'etcdserver: role name is empty',
  roleMissing: 'etcdserver: role name not found',
  authFailed: 'etcdserver: authentication failed, invalid user ID or password',
  denied: 'etcdserver: permission denied',
  roleNotGranted: 'etcdserver: role is not granted to the user',
  permissionNotGranted: 'etcdserver: permission is not granted to the role',
  notEnabled: 'etcdserver: authentication is not enabled',
  badToken: 'etcdserver: invalid auth token',
  badManagement: 'etcdserver: invalid auth management',
  oldRevision: 'etcdserver: revision of auth store is old',
} as const
