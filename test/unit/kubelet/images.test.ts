import { describe, expect, test } from 'vitest'
import { resolveImage } from '../../../src/kubelet/runtime/process/images.ts'
import { rewritePaths, volumeVariable } from '../../../src/kubelet/runtime/process/mounts.ts'

describe('images of the process runtime', () => {
  test.each([
    ['nginx', 'web'],
    ['nginx:1.25', 'web'],
    ['docker.io/library/nginx@sha256:0123', 'web'],
    ['registry.k8s.io/pause:3.9', 'command'],
    ['localhost:5000/team/busybox:1', 'default'],
  ])('%s is %s', (image, kind) => {
    expect(resolveImage(image, {}, false).kind).toBe(kind)
  })

  test('the configuration goes before what is built in, the full name before the base name', () => {
    const configured = { nginx: ['my-nginx'], 'redis:7': ['redis-7'], redis: ['redis-server'] }
    const commandOf = (image: string) => resolveImage(image, configured, false)
    expect(commandOf('nginx:1')).toEqual({ kind: 'command', command: ['my-nginx'] })
    expect(commandOf('redis:7')).toEqual({ kind: 'command', command: ['redis-7'] })
    expect(commandOf('x/redis:6')).toEqual({ kind: 'command', command: ['redis-server'] })
    expect(resolveImage('unknown', configured, true)).toEqual({ kind: 'none' })
    expect(() => resolveImage('constructor', {}, false)).toThrow('pulls no images')
  })
})

describe('mount paths', () => {
  const mounts = [
    { mountPath: '/data', hostPath: '/h/d' },
    { mountPath: '/data/deep/', hostPath: '/h/deep' },
  ]

  test.each([
    ['/data', '/h/d'],
    ['--dir=/data/x', '--dir=/h/d/x'],
    ['/data/deep/x:/data/y', '/h/deep/x:/h/d/y'],
    ['/database', '/database'],
    ['/var/data', '/var/data'],
    ['./data', './data'],
    ['cat "/data"; ls /data/', 'cat "/h/d"; ls /h/d/'],
  ])('%s becomes %s', (text, expected) => {
    expect(rewritePaths(text, mounts)).toBe(expected)
  })

  test('a volume is also named in the environment', () => {
    expect(volumeVariable('web-data.1')).toBe('QUORATE_VOLUME_WEB_DATA_1')
  })
})
