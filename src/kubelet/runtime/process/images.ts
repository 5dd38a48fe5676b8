import { ImageError } from '../types.ts'

/** What the process runtime runs in place of an image. */
export type ImageProgram =
  /** The built-in web server. */
  | { readonly kind: 'web' }
  /** A program of this host: the image's entry point, which takes the container's arguments. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** What runs when the container names neither command nor arguments (a Dockerfile's CMD). */
  | { readonly kind: 'default'; readonly command: readonly string[] }
  /** The container's own command is all there is. */
  | { readonly kind: 'none' }

/** Images that need nothing from the configuration. */
const builtIn: Readonly<Record<string, ImageProgram>> = {
  nginx: { kind: 'web' },
  httpd: { kind: 'web' },
  pause: { kind: 'command', command: ['sleep', 'infinity'] },
  busybox: { kind: 'default', command: ['sh'] },
  alpine: { kind: 'default', command: ['sh'] },
  debian: { kind: 'default', command: ['sh'] },
  ubuntu: { kind: 'default', command: ['sh'] },
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
  configured: Readonly<Record<string, readonly string[]>>,
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
  const command = name === undefined ? undefined : configured[name]
  if (command) return { kind: 'command', command }
  const known = Object.hasOwn(builtIn, base) ? builtIn[base] : undefined
  if (known) return known
  if (hasCommand) return { kind: 'none' }
  throw new ImageError(
    'ErrImagePull',
    `the process runtime runs programs of this host and pulls no images: "${image}" is not one ` +
      'that it knows. Give the container a command, or name a program for the image under ' +
      `"images" in cluster.config.json: {"${base}": ["program", "argument"]}`,
  )
}
