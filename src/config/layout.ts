import { join } from 'node:path'

/**
 * Where everything of a cluster lies on one machine.
 * ```
 * <data>/cluster.config.json   the configuration in force, complete
 *        members.json          who is in the mesh
 *        kubeconfig            the administrator's
 *        pki/                  ca, admin and component certificates
 *        run/<process>.json    pid and start time of what `up` started
 *        logs/<process>.log    JSON lines
 *        peers/<name>/         mesh.key, pki/, store/ (WAL and snapshots), kubelet/ (pods)
 * ```
 */
export interface DataLayout {
  readonly root: string
  readonly config: string
  readonly members: string
  readonly kubeconfig: string
  readonly pki: string
  readonly run: string
  readonly logs: string
  readonly runFile: (process: string) => string
  readonly logFile: (process: string) => string
  readonly peer: (name: string) => PeerLayout
}

export interface PeerLayout {
  readonly root: string
  readonly meshKey: string
  readonly pki: string
  readonly store: string
  readonly kubelet: string
}

/** The paths below `root`; nothing is created. */
export function dataLayout(root: string): DataLayout {
  return {
    root,
    config: join(root, 'cluster.config.json'),
    members: join(root, 'members.json'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: join(root, 'pki'),
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    runFile: process => join(root, 'run', `${process}.json`),
    logFile: process => join(root, 'logs', `${process}.log`),
    peer: name => {
      const peer = join(root, 'peers', name)
      return {
        root: peer,
        meshKey: join(peer, 'mesh.key'),
        pki: join(peer, 'pki'),
        store: join(peer, 'store'),
        kubelet: join(peer, 'kubelet'),
      }
    },
  }
}
