import { join } from 'node:path'
import type { Pod } from '../api/objects.ts'

/** Folder of a pod's logs. Source: kubelet's /var/log/pods/<namespace>_<name>_<uid>. */
export function logFolder(dataDir: string, pod: Pod): string {
  const { namespace, name, uid } = pod.metadata
  return join(dataDir, 'logs', `${namespace}_${name}_${uid}`)
}

/** Log of one start of a container. */
export function logPath(dataDir: string, pod: Pod, container: string, attempt: number): string {
  return join(logFolder(dataDir, pod), container, `${attempt}.log`)
}

/** Folder of a pod's volumes. */
export function podFolder(dataDir: string, uid: string): string {
  return join(dataDir, 'pods', uid)
}
