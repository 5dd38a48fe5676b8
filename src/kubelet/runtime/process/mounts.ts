/**
 * A process of the host sees the host's files: it has no mount namespace of its own. So a mount
 * path is made to work by saying where the volume really is:
 *  - QUORATE_VOLUME_<NAME> in the environment names the folder of each volume;
 *  - in command, arguments, working directory and environment, a mount path at the start of a path
 *    is replaced by that folder: with /data mounted, `--dir=/data/x` becomes `--dir=<folder>/x`.
 * A program that has the path compiled in does not find it; with a CRI runtime it does.
 */
export interface PathMapping {
  readonly mountPath: string
  readonly hostPath: string
}

/** Replaces mount paths in `text`; the longest match wins, and `/database` is not `/data`. */
export function rewritePaths(text: string, mounts: readonly PathMapping[]): string {
  const usable = mounts.filter(mount => mount.mountPath !== '/' && mount.mountPath !== '')
  if (usable.length === 0) return text
  const byPath = new Map(usable.map(each => [trim(each.mountPath), each.hostPath]))
  const paths = [...byPath.keys()].sort((a, b) => b.length - a.length).map(escapePattern)
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?![\\w.-])`, 'g')
  return text.replace(pattern, path => byPath.get(path) ?? path)
}

/** Name of the variable that says where a volume is: `web-data` is QUORATE_VOLUME_WEB_DATA. */
export function volumeVariable(volume: string): string {
  return `QUORATE_VOLUME_${volume.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
}

function trim(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
