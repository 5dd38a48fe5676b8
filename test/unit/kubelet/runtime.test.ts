import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { collect } from '../../../src/kernel/collect.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import type { HostImage } from '../../../src/kubelet/runtime/process/images.ts'
import { createProcessRuntime } from '../../../src/kubelet/runtime/process/runtime.ts'
import { stopAllShims } from '../../../src/kubelet/runtime/process/stopshims.ts'
import { createSimulatedRuntime } from '../../../src/kubelet/runtime/simulated.ts'
import type { ContainerConfig, Runtime } from '../../../src/kubelet/runtime/types.ts'

const folders: string[] = []
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-runtime-'))
  folders.push(folder)
  return folder
}

afterEach(async () => {
  await Promise.all(folders.map(folder => stopAllShims(folder, 0)))
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const processes = (dataDir = newFolder(), images: Record<string, HostImage> = {}) =>
  createProcessRuntime({ dataDir, version: '0.1.0', images, logger: silentLogger })

const within = { timeout: 8_000, interval: 10 }

function sandboxConfig(folder: string, podUid = 'uid-1') {
  const names = { namespace: 'default', name: 'web', hostname: 'web' }
  return { podUid, ...names, folder, logFolder: join(folder, 'logs') }
}

function containerConfig(folder: string, more: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'c',
    attempt: 0,
    image: 'busybox',
    imageId: 'process://busybox',
    command: ['sleep', '60'],
    args: [],
    env: {},
    mounts: [],
    logPath: join(folder, 'logs', 'c', '0.log'),
    terminationMessagePath: '/dev/termination-log',
    stdin: false,
    tty: false,
    specHash: 'x',
    ...more,
  }
}

/** What every runtime must do. */
function testRuntime(name: string, create: () => Runtime, cidr: string): void {
  describe(`runtime: ${name}`, () => {
    const setUp = async () => {
      const runtime = create()
      await runtime.start()
      runtime.setPodCidr(cidr)
      const folder = newFolder()
      const sandbox = await runtime.runPodSandbox(sandboxConfig(folder))
      return { runtime, folder, sandbox }
    }
    const only = (runtime: Runtime) => runtime.containers()[0]!

    test('a container is created, runs, stops and is removed; calls are idempotent', async () => {
      const { runtime, folder, sandbox } = await setUp()
      const id = await runtime.createContainer(sandbox, containerConfig(folder))
      expect(only(runtime)).toMatchObject({ state: 'created', podUid: 'uid-1', attempt: 0 })
      await runtime.startContainer(id)
      await runtime.startContainer(id)
      expect(only(runtime)).toMatchObject({ state: 'running' })
      await runtime.stopContainer(id, 5_000)
      await runtime.stopContainer(id, 5_000)
      expect(only(runtime)).toMatchObject({ state: 'exited', reason: 'Error', exitCode: 143 })
      await runtime.removeContainer(id)
      await runtime.removeContainer(id)
      expect(runtime.containers()).toEqual([])
      await runtime.removePodSandbox(sandbox)
      await runtime.removePodSandbox(sandbox)
      expect(runtime.sandboxes()).toEqual([])
    })

    test('each sandbox has an address of its own, and gives it back', async () => {
      const { runtime, folder, sandbox } = await setUp()
      const other = await runtime.runPodSandbox(sandboxConfig(folder, 'uid-2'))
      const [first, second] = runtime.sandboxes().map(each => each.ip)
      expect(first).not.toBe(second)
      const hostIp = '127.0.0.1'
      const host = await runtime.runPodSandbox({ ...sandboxConfig(folder, 'uid-3'), hostIp })
      expect(runtime.sandboxes().find(each => each.id === host)?.ip).toBe(hostIp)
      await Promise.all([sandbox, other, host].map(each => runtime.removePodSandbox(each)))
    })

    test('stopping a sandbox ends its containers and keeps their exit codes', async () => {
      const { runtime, folder, sandbox } = await setUp()
      const id = await runtime.createContainer(sandbox, containerConfig(folder))
      await runtime.startContainer(id)
      await runtime.stopPodSandbox(sandbox)
      await runtime.stopPodSandbox(sandbox)
      expect(runtime.sandboxes()[0]).toMatchObject({ state: 'not-ready' })
      expect(only(runtime)).toMatchObject({ state: 'exited', exitCode: 137 })
      const late = runtime.createContainer(sandbox, containerConfig(folder))
      await expect(late).rejects.toThrow()
      await runtime.removePodSandbox(sandbox)
    })

    test('changes are told with the uid of their pod', async () => {
      const { runtime, folder, sandbox } = await setUp()
      const told: string[] = []
      const remove = runtime.onChange(uid => told.push(uid))
      const id = await runtime.createContainer(sandbox, containerConfig(folder))
      await runtime.startContainer(id)
      await vi.waitFor(() => expect(told).toContain('uid-1'), within)
      remove()
      await runtime.removePodSandbox(sandbox)
    })

    test('exec gives output and exit code, and needs a running container', async () => {
      const { runtime, folder, sandbox } = await setUp()
      const id = await runtime.createContainer(sandbox, containerConfig(folder))
      const request = { command: ['true'], tty: false, stdin: false }
      await expect(runtime.exec(id, request)).rejects.toThrow('container not running')
      await runtime.startContainer(id)
      const session = await runtime.exec(id, request)
      session.stdout.resume()
      session.stderr?.resume()
      expect(await session.exit).toBe(0)
      await runtime.removePodSandbox(sandbox)
    })
  })
}

testRuntime('process', () => processes(), '127.91.7.0/24')
testRuntime('simulated', () => createSimulatedRuntime({ version: '1' }), '10.244.7.0/24')

describe('process runtime', () => {
  const run = async (more: Partial<ContainerConfig>, runtime = processes()) => {
    await runtime.start()
    runtime.setPodCidr('127.91.8.0/24')
    const folder = newFolder()
    const sandbox = await runtime.runPodSandbox(sandboxConfig(folder))
    const config = containerConfig(folder, more)
    const id = await runtime.createContainer(sandbox, config)
    const started = runtime.startContainer(id)
    const current = () => runtime.containers().find(each => each.id === id)!
    return { runtime, folder, sandbox, id, started, current, config }
  }

  test('writes the output in the CRI log format and keeps the exit code', async () => {
    const { started, current, config } = await run({
      command: ['sh', '-c', 'echo out; echo err >&2; printf "$GREETING $POD_IP"; exit 3'],
      env: { GREETING: 'hello' },
    })
    await started
    await vi.waitFor(() => expect(current().state).toBe('exited'), within)
    expect(current()).toMatchObject({ exitCode: 3, reason: 'Error' })
    const lines = readFileSync(config.logPath, 'utf8').trim().split('\n')
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (.*)$/
    const texts = lines.map(line => time.exec(line)?.[1]).sort()
    expect(texts[0]).toBe('stderr F err')
    expect(texts[1]).toMatch(/^stdout F hello 127\.91\.8\.\d+$/)
    expect(texts[2]).toBe('stdout F out')
  })

  test('mount paths in commands lead to the volumes; the termination message is kept', async () => {
    const folder = newFolder()
    const { started, current } = await run({
      command: ['sh', '-c', 'echo $FILE > /data/x; cat /data/x > /dev/termination-log'],
      env: { FILE: 'at=/data/sub' },
      mounts: [{ name: 'v', mountPath: '/data', hostPath: folder, readOnly: false }],
    })
    await started
    await vi.waitFor(() => expect(current().state).toBe('exited'), within)
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe(`at=${folder}/sub\n`)
    expect(current()).toMatchObject({ exitCode: 0, message: `at=${folder}/sub\n` })
  })

  test('a program that is not there is a StartError', async () => {
    const { started, current } = await run({ command: ['no-such-program'] })
    await expect(started).rejects.toThrow('executable file not found in $PATH')
    expect(current()).toMatchObject({ state: 'exited', exitCode: 128, reason: 'StartError' })
  })

  test('TERM that is ignored becomes KILL, also for the children', async () => {
    const { started, runtime, id, current } = await run({
      command: ['sh', '-c', 'trap "" TERM; echo ready; sleep 61 & wait; wait'],
    })
    await started
    const log = () => readFileSync(current().logPath, 'utf8')
    await vi.waitFor(() => expect(log()).toContain('ready'), within)
    await runtime.stopContainer(id, 100)
    expect(current()).toMatchObject({ state: 'exited', exitCode: 137 })
  })

  test('the built-in web server answers on the pod address', async () => {
    const { started, runtime, current } = await run({ image: 'docker.io/nginx:1.25', command: [] })
    await started
    const ip = runtime.sandboxes()[0]!.ip
    const port = current().portMap[80] ?? 80
    const text = await (await fetch(`http://${ip}:${port}/`)).text()
    expect(text).toContain('Hello from pod web')
    expect(text).toContain('standing in for the image docker.io/nginx:1.25')
    await vi.waitFor(
      () => expect(readFileSync(current().logPath, 'utf8')).toContain('"GET / HTTP/1.1" 200'),
      within,
    )
  })

  test("an image has arguments and variables of its own, the container's go before", async () => {
    const images = {
      tool: { entrypoint: ['sh', '-c'], cmd: ['echo $A $B'], env: { A: 'image', B: 'image' } },
    }
    const own = { image: 'registry.example/tool:1', command: [], env: { B: 'container' } }
    const { started, current } = await run(own, processes(newFolder(), images))
    await started
    await vi.waitFor(
      () => expect(readFileSync(current().logPath, 'utf8')).toContain('image container'),
      within,
    )
  })

  test.runIf(process.getuid?.() === 0)(
    "an image's user runs it, and what is run in it",
    async () => {
      const images = { tool: { cmd: ['sleep', '60'], user: '65534:65533' } }
      const own = { image: 'tool', command: [] }
      const { started, runtime, id } = await run(own, processes(newFolder(), images))
      await started
      const command = ['sh', '-c', 'touch mine; echo $(id -u):$(id -g)']
      const session = await runtime.exec(id, { command, tty: false, stdin: false })
      expect((await collect(session.stdout, 1_000)).toString()).toBe('65534:65533\n')
      expect(await session.exit).toBe(0)
    },
  )

  test('an unknown image without a command says what to do', async () => {
    const runtime = processes()
    await runtime.start()
    const pull = runtime.pullImage('redis:7', { hasCommand: false })
    await expect(pull).rejects.toMatchObject({ reason: 'ErrImagePull' })
    await expect(pull).rejects.toThrow('"images" in cluster.config.json')
    const bad = runtime.pullImage('No Image!', { hasCommand: true })
    await expect(bad).rejects.toMatchObject({ reason: 'InvalidImageName' })
  })

  test('a new runtime adopts running pods; what ended meanwhile has its exit code', async () => {
    const dataDir = newFolder()
    const first = await run({}, processes(dataDir))
    await first.started
    const short = await first.runtime.createContainer(
      first.sandbox,
      containerConfig(first.folder, { name: 'short', command: ['sh', '-c', 'sleep 0.2; exit 7'] }),
    )
    await first.runtime.startContainer(short)
    const pid = first.current().pid
    await first.runtime.stop()

    const second = processes(dataDir)
    await second.start()
    second.setPodCidr('127.91.8.0/24')
    const byName = (name: string) => second.containers().find(each => each.name === name)
    expect(byName('c')).toMatchObject({ state: 'running', pid, attempt: 0 })
    await vi.waitFor(() => expect(byName('short')).toMatchObject({ exitCode: 7 }), within)
    expect(await stopAllShims(dataDir, 0)).toBe(1)
    await vi.waitFor(() => expect(second.sandboxes()[0]?.state).toBe('not-ready'), within)
    expect(() => process.kill(pid!, 0)).toThrow()
  })

  test('a pod whose shim is killed is not ready, and nothing of it goes on', async () => {
    const dataDir = newFolder()
    const { started, runtime, current, sandbox } = await run({}, processes(dataDir))
    await started
    const record = join(dataDir, 'runtime', sandbox, 'shim.json')
    process.kill(JSON.parse(readFileSync(record, 'utf8')).pid, 'SIGKILL')
    await vi.waitFor(() => expect(runtime.sandboxes()[0]?.state).toBe('not-ready'), within)
    expect(current()).toMatchObject({ state: 'exited', exitCode: 137 })
    const pid = current().pid!
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), within)
  })

  test('attach joins the streams of the program itself, also on a terminal', async () => {
    const { started, runtime, id, current } = await run({ command: ['cat'], stdin: true })
    await started
    const session = await runtime.attach(id)
    session.stdin!.end('in and out\n')
    expect(await read(session.stdout)).toBe('in and out\n')
    expect(await session.exit).toBe(0)
    await vi.waitFor(() => expect(current().state).toBe('exited'), within)
    expect(readFileSync(current().logPath, 'utf8')).toContain('stdout F in and out')

    const terminal = await run({ command: ['sh'], stdin: true, tty: true })
    await terminal.started
    const shell = await terminal.runtime.attach(terminal.id)
    shell.stdin!.write('tty; exit 9\n')
    expect(await read(shell.stdout)).toContain('/dev/pts/')
    expect(await shell.exit).toBe(9)
  })

  test('exec has its own streams, environment and exit code; a terminal works', async () => {
    const { started, runtime, id } = await run({ env: { A: 'b' } })
    await started
    const command = ['sh', '-c', 'cat; echo $A >&2; exit 4']
    const session = await runtime.exec(id, { command, tty: false, stdin: true })
    session.stdin!.end('in')
    expect(await read(session.stdout)).toBe('in')
    expect(await read(session.stderr!)).toBe('b\n')
    expect(await session.exit).toBe(4)
    const tty = await runtime.exec(id, { command: ['tty'], tty: true, stdin: true })
    expect(await read(tty.stdout)).toMatch(/^\/dev\/pts\/\d+/)
    expect(await tty.exit).toBe(0)
    const missing = runtime.exec(id, { command: ['nope'], tty: false, stdin: false })
    await expect(missing).rejects.toThrow('executable file not found in $PATH')
  })
})

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}
