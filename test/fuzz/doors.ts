import { admin, supervisor } from './admin.ts'
import { api, loadBalancer } from './api.ts'
import { disk } from './disk.ts'
import { etcd } from './etcd.ts'
import { kubelet } from './kubelet.ts'
import { mesh } from './mesh.ts'
import { meshDoor } from './mesh-door.ts'
import { shim } from './shim.ts'
import type { Target } from './target.ts'

/** Every door of the program, and its disk. */
export const targets: readonly Target[] = [
  ...[mesh, meshDoor, etcd, api, loadBalancer, admin, supervisor, kubelet, disk, shim],
]
