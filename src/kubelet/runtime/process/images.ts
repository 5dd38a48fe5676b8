import { ImageError } from '../types.ts'

/** A program of this host in the place of an image: what a Dockerfile says of an image's own. */
export interface HostImage {
  /** Goes before a container's arguments. */
  readonly entrypoint?: readonly string[]
  /** Arguments of a container that names neither command nor arguments. */
  readonly cmd?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** `uid` or `uid:gid`. */
  readonly user?: string
}

/** What the process runtime runs in place of an image; a container's own command goes before it. */
export type ImageProgram =
  /** The built-in web server. */
  { readonly kind: 'web' } | ({ readonly kind: 'host' } & HostImage)

const shell: ImageProgram = { kind: 'host', cmd: ['sh'] }

/** Images that need nothing from the configuration. */
const builtIn: Readonly<Record<string, ImageProgram>> = {
  nginx: { kind: 'web' },
  httpd: { kind: 'web' },
  pause: { kind: 'host', entrypoint: ['sleep', 'infinity'] },
  busybox: shell,
  alpine: shell,
  debian: shell,
  ubuntu: shell,
}

/**
 * The last part of an image's name without registry, tag and digest, by which tables name it:
 * `docker.io/library/nginx:1.25` is `nginx`.
 */
export function imageBaseName(image: string): string {
  const [withoutDigest = ''] = image.split('@')
  const last = withoutDigest.slice(withoutDigest.lastIndexOf('/') + 1)
  return last.split(':')[0] ?? ''
}

/**
 * Looks an image up: first in the configuration (full name, then base name), then among the
 * built-in ones. @throws ImageError when nothing can be run for it.
 */
export function resolveImage(
  image: string,
  configured: Readonly<Record<string, HostImage>>,
  hasCommand: boolean,
): ImageProgram {
  const base = imageBaseName(image)
  if (!/^[a-z0-9][\w.\-/:@]*$/i.test(image) || base === '') {
    throw new ImageError(
      'InvalidImageName',
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ` +
        'invalid reference format',
    )
  }
  const names = [image, image.split('@')[0] ?? image, base]
  const name = names.find(each => Object.hasOwn(configured, each))
  const found = name === undefined ? undefined : configured[name]
  if (found && (hasCommand || runs(found))) return { kind: 'host', ...found }
  const known = Object.hasOwn(builtIn, base) ? builtIn[base] : undefined
  if (known) return known
  if (hasCommand) return { kind: 'host' }
  throw new ImageError(
    'ErrImagePull',
    `the process runtime runs programs of this host and pulls no images: "${image}" is not one ` +
      'that it knows. Give the container a command, or name a program for the image under ' +
      `"images" in cluster.config.json: {"${base}": ["program", "argument"]}`,
  )
}

/** An image that only names variables or a user has nothing that a container could run. */
function runs({ entrypoint = [], cmd = [] }: HostImage): boolean {
  return entrypoint.length + cmd.length > 0
}

/** Command and arguments as a Dockerfile's ENTRYPOINT and CMD combine with a container's. */
export function commandLine(
  container: { readonly command: readonly string[]; readonly args: readonly string[] },
  { entrypoint = [], cmd = [] }: HostImage,
): string[] {
  const { command, args } = container
  if (command.length > 0) return [...command, ...args]
  return [...entrypoint, ...(args.length > 0 ? args : cmd)]
}

/**
 * As whom an image's program runs; undefined: as the peer, whose uid is `own`. Nobody but root may
 * be somebody else, and says so when it tries.
 */
export function userOf(
  { user }: HostImage,
  own: number | undefined,
): { uid: number; gid: number } | undefined {
  if (user === undefined) return undefined
  const [uid = 0, gid] = user.split(':').map(Number)
  if (uid === own && gid === undefined) return undefined
  // Without a group it is root's, as in Docker where the image's passwd file knows no better.
  return { uid, gid: gid ?? 0 }
}
