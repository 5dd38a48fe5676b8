import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Pod } from '../../../src/api/objects.ts'
import { Causes } from '../../../src/api/validation/causes.ts'
import { validatePod } from '../../../src/api/validation/pod.ts'
import { ownFolderBelow, safeFolderBelow } from '../../../src/kubelet/safepath.ts'

let root: string
let volume: string
let outside: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-path-')))
  volume = join(root, 'volume')
  outside = join(root, 'outside')
  mkdirSync(volume)
  mkdirSync(outside)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('a path below a volume', () => {
  test('is made where it is missing, and may go by links that stay', () => {
    expect(safeFolderBelow(volume, 'a/b')).toBe(join(volume, 'a/b'))
    symlinkSync('a', join(volume, 'link'))
    expect(safeFolderBelow(volume, './link/b//c')).toBe(join(volume, 'a/b/c'))
    writeFileSync(join(volume, 'a/file'), '')
    expect(safeFolderBelow(volume, 'a/file')).toBe(join(volume, 'a/file'))
  })

  test.each(['../outside', 'a/../../outside', '/etc', 'a\\..\\..\\outside', 'a\0b'])(
    '%j is refused as it is written',
    path => {
      expect(() => safeFolderBelow(volume, path)).toThrow("must be a relative path without '..'")
    },
  )

  test.each([
    ['absolute', () => outside],
    ['relative', () => '../outside'],
    ['to the volume itself, and out', () => 'volume/../../outside'],
  ])('an %s link that leads out is refused, also with more behind it', (_kind, target) => {
    mkdirSync(join(volume, 'volume'))
    symlinkSync(target(), join(volume, 'link'))
    for (const path of ['link', 'link/new']) {
      expect(() => safeFolderBelow(volume, path)).toThrow('leads out of its volume')
    }
    expect(() => ownFolderBelow(volume, 'link')).toThrow('is no folder')
  })

  test('a name that begins like the volume is another folder', () => {
    mkdirSync(join(root, 'volume-2'))
    symlinkSync('../volume-2', join(volume, 'link'))
    expect(() => safeFolderBelow(volume, 'link')).toThrow('leads out')
  })
})

describe('the API', () => {
  const causesOf = (volumes: unknown[], volumeMounts: unknown[] = []) => {
    const causes = new Causes()
    const spec = {
      containers: [{ name: 'c', image: 'i', volumeMounts, terminationMessagePolicy: 'File' }],
      ...{ volumes, restartPolicy: 'Always', dnsPolicy: 'Default' },
    }
    validatePod({ metadata: { name: 'p' }, spec } as unknown as Pod, causes)
    return causes.list.map(({ field, message }) => `${field}: ${message}`)
  }
  const item = (path: string) => ({
    ...{ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path }] } },
  })

  test.each([
    ['../../../etc/passwd', `Invalid value: "../../../etc/passwd": must not contain '..'`],
    ['/etc/passwd', 'Invalid value: "/etc/passwd": must be a relative path'],
    ['..data', `Invalid value: "..data": must not start with '..'`],
    ['', 'Required value'],
  ])('refuses %j as the path of an item', (path, text) => {
    expect(causesOf([item(path)])).toContain(`spec.volumes[0].configMap.items[0].path: ${text}`)
  })

  test('takes paths below the volume', () => {
    expect(causesOf([item('a/b..c')]).filter(text => text.includes('path'))).toEqual([])
  })

  test('refuses paths of every source, and of mounts', () => {
    const path = '../x'
    const found = causesOf(
      [
        { name: 'a', secret: { secretName: 's', items: [{ key: 'k', path }] } },
        { name: 'b', downwardAPI: { items: [{ path, fieldRef: { fieldPath: 'metadata.name' } }] } },
        {
          name: 'c',
          projected: {
            sources: [
              { configMap: { name: 'm', items: [{ key: 'k', path }] } },
              { serviceAccountToken: { path } },
            ],
          },
        },
        { name: 'd', hostPath: { path: '/a/../b' } },
      ],
      [{ name: 'd', mountPath: '/m', subPath: path }],
    )
    const text = "must not contain '..'"
    expect(found.filter(each => each.endsWith(text)).map(each => each.split(':')[0])).toEqual([
      'spec.volumes[0].secret.items[0].path',
      'spec.volumes[1].downwardAPI.path',
      'spec.volumes[2].projected.sources[0].configMap.items[0].path',
      'spec.volumes[2].projected.path',
      'spec.volumes[3].hostPath.path',
      'spec.containers[0].volumeMounts.subPath',
    ])
  })
})
