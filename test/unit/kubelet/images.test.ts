import { describe, expect, test } from 'vitest'
import { commandLine, resolveImage, userOf } from '../../../src/kubelet/runtime/process/images.ts'
import { rewritePaths, volumeVariable } from '../../../src/kubelet/runtime/process/mounts.ts'

const bare = { command: [], args: [] }

describe('images of the process runtime', () => {
  test.each([
    ['nginx', 'web'],
    ['nginx:1.25', 'web'],
    ['docker.io/library/nginx@sha256:0123', 'web'],
    ['registry.k8s.io/pause:3.9', 'host'],
    ['localhost:5000/team/busybox:1', 'host'],
  ])('%s is %s', (image, kind) => {
    expect(resolveImage(image, {}, false).kind).toBe(kind)
  })

  test('the configuration goes before what is built in, the full name before the base name', () => {
    const configured = {
      nginx: { entrypoint: ['my-nginx'] },
      'redis:7': { entrypoint: ['redis-7'] },
      redis: { entrypoint: ['redis-server'] },
    }
    const of = (image: string) => resolveImage(image, configured, false)
    expect(of('nginx:1')).toEqual({ kind: 'host', entrypoint: ['my-nginx'] })
    expect(of('redis:7')).toEqual({ kind: 'host', entrypoint: ['redis-7'] })
    expect(of('x/redis:6')).toEqual({ kind: 'host', entrypoint: ['redis-server'] })
    expect(resolveImage('unknown', configured, true)).toEqual({ kind: 'host' })
    expect(() => resolveImage('constructor', {}, false)).toThrow('pulls no images')
  })

  test('an image that runs nothing needs a command of the container', () => {
    const configured = { tool: { env: { A: '1' } } }
    expect(resolveImage('tool', configured, true)).toEqual({ kind: 'host', env: { A: '1' } })
    expect(() => resolveImage('tool', configured, false)).toThrow('pulls no images')
  })

  // Source: the table of docs/tasks/inject-data-application/define-command-argument-container.
  const image = { entrypoint: ['/agnhost'], cmd: ['pause'] }
  test.each([
    [bare, image, '/agnhost pause'],
    [{ ...bare, args: ['netexec'] }, image, '/agnhost netexec'],
    [{ ...bare, command: ['sh'] }, image, 'sh'],
    [{ command: ['sh'], args: ['-c', 'x'] }, image, 'sh -c x'],
    [bare, { cmd: ['sh'] }, 'sh'],
    [{ ...bare, args: ['ls'] }, { cmd: ['sh'] }, 'ls'],
  ])('%j of %j runs %s', (container, from, expected) => {
    expect(commandLine(container, from).join(' ')).toBe(expected)
  })

  test.each([
    [{}, undefined],
    [{ user: '1000' }, undefined],
    [{ user: '0' }, { uid: 0, gid: 0 }],
    [{ user: '1001' }, { uid: 1001, gid: 0 }],
    [{ user: '1000:3000' }, { uid: 1000, gid: 3000 }],
  ])('%j runs, for a peer of uid 1000, as %j', (from, expected) => {
    expect(userOf(from, 1000)).toEqual(expected)
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
