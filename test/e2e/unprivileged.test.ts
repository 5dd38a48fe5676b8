import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { kubectlFile, mainFile, type Ran, root, run } from '../support/cluster.ts'
import { freePortBase } from '../support/ports.ts'
import { deploymentYaml, podYaml, serviceYaml } from '../support/seed.ts'
import { until } from '../support/until.ts'

/**
 * A user without any privilege runs the document's cluster. Ports below the sysctl's limit are out
 * of reach for them: there the Service answers at port + 20000, and says so.
 */
const nobody = 65_534
/** Has no name in the user database, as is usual in containers. */
const nameless = 54_321
const sysctl = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
const isRoot = process.getuid?.() === 0
const offset = 20_000

/** Runs programs as the user, in a folder of theirs, in a network namespace if one is given. */
class User {
  readonly home = mkdtempSync(join(tmpdir(), 'quorate-nobody-'))
  readonly uid: number
  readonly #namespace: number | undefined

  constructor(uid: number, namespace?: number) {
    this.uid = uid
    this.#namespace = namespace
    chownSync(this.home, uid, uid)
  }

  run(file: string, ...args: string[]): Promise<Ran> {
    const { uid } = this
    const { PATH } = process.env
    const env = { PATH, HOME: this.home, KUBECONFIG: join(this.home, 'data', 'kubeconfig') }
    const options = { env, cwd: root }
    if (this.#namespace === undefined) return run(file, args, { ...options, uid, gid: uid })
    const enter = ['-t', String(this.#namespace), '-n', '-S', String(uid), '-G', String(uid)]
    return run('nsenter', [...enter, file, ...args], options)
  }

  quorate(...args: string[]): Promise<Ran> {
    return this.run(process.execPath, mainFile, ...args, '--data', join(this.home, 'data'))
  }

  async must(...args: string[]): Promise<string> {
    const ran = await this.run(kubectlFile, ...args)
    if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.err}`)
    return ran.out
  }

  file(name: string, text: string): string {
    const path = join(this.home, name)
    writeFileSync(path, text)
    chownSync(path, this.uid, this.uid)
    return path
  }
}

/** A network of its own in which ports from `portStart` on are free for everybody. */
async function privateNetwork(portStart: number): Promise<ChildProcess> {
  const script = `ip link set lo up && echo ${portStart} > ${sysctl} && echo ready && exec sleep 600`
  const child = spawn('unshare', ['-n', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  child.stderr.on('data', chunk => {
    text += chunk
  })
  await until('a network namespace', () => text.includes('ready') || child.exitCode !== null)
  if (child.exitCode !== null) throw new Error(`unshare -n: ${text}`)
  return child
}

let user: User | undefined
let network: ChildProcess | undefined
afterEach(async () => {
  if (user) {
    await user.quorate('down', '--purge')
    rmSync(user.home, { recursive: true, force: true })
  }
  user = undefined
  network?.kill()
  network = undefined
}, 60_000)

/** Brings the seed's objects up; returns the Service's address. */
async function startSeed(who: User): Promise<{ ip: string; up: Ran }> {
  const portBase = await freePortBase()
  const config = who.file('input.json', readFileSync(join(root, 'cluster.config.json'), 'utf8'))
  mkdirSync(join(who.home, 'data'))
  chownSync(join(who.home, 'data'), who.uid, who.uid)
  const args = ['--config', config, '--port-base', String(portBase)]
  const up = await who.quorate('up', '--detach', ...args)
  expect(up, up.err).toMatchObject({ code: 0 })
  await who.must('create', 'namespace', 'dev')
  for (const [name, text] of Object.entries({ deploymentYaml, podYaml, serviceYaml })) {
    await who.must('apply', '-n', 'dev', '-f', who.file(name, text))
  }
  await who.must('wait', '-n', 'dev', '--for=condition=Available', 'deployment/nginx-deployment')
  await who.must('wait', '-n', 'dev', '--for=condition=Ready', 'pod/nginx-pod')
  const jsonpath = '-o=jsonpath={.spec.clusterIP}'
  return { ip: await who.must('get', 'service', 'nginx-service', '-n', 'dev', jsonpath), up }
}

async function answersOn(who: User, url: string): Promise<void> {
  const answered = new Set<string>()
  await until(`all pods behind ${url}`, async () => {
    const { out } = await who.run('curl', '-s', '-m', '3', url)
    const name = /nginx-deployment-[a-z0-9-]+/.exec(out)?.[0]
    if (name) answered.add(name)
    return answered.size === 3
  })
}

/** Everything that `up` started belongs to the user. */
async function ownersOf(who: User): Promise<string[]> {
  const { out } = await run('ps', ['-eo', 'uid=,args='])
  const own = out.split('\n').filter(line => line.includes(who.home) && line.includes('main.js'))
  return own.map(line => line.trim().split(' ')[0] ?? '')
}

const why = isRoot ? '' : ' (skipped: only root can become another user)'

describe.skipIf(!isRoot)(`without privileges${why}`, () => {
  afterAll(() => network?.kill())

  test('where port 80 is out of reach, it is port 20080, and everybody is told', async () => {
    const here = Number(readFileSync(sysctl, 'utf8'))
    if (here <= 80) network = await privateNetwork(1_024)
    user = new User(nobody, network?.pid)
    const { ip } = await startSeed(user)
    await answersOn(user, `http://${ip}:${80 + offset}/`)
    const direct = await user.run('curl', '-s', '-m', '3', `http://${ip}/`)
    expect(direct.code).not.toBe(0)
    const owners = await ownersOf(user)
    expect(owners.length).toBeGreaterThanOrEqual(6)
    expect(new Set(owners)).toEqual(new Set([String(nobody)]))
    const events = await until('the events', async () => {
      const text = await user?.must('get', 'events', '-n', 'dev', '-o', 'wide')
      return text?.includes('service/nginx-service') && text.includes('pod/nginx-pod') && text
    })
    expect(events).toMatch(/service\/nginx-service .*20080/)
    expect(events).toContain('sysctl net.ipv4.ip_unprivileged_port_start=80')
  }, 180_000)

  test('where port 80 is free for everybody, it is port 80', async () => {
    const here = Number(readFileSync(sysctl, 'utf8'))
    if (here > 80) network = await privateNetwork(80)
    user = new User(nameless, network?.pid)
    const { ip } = await startSeed(user)
    await answersOn(user, `http://${ip}/`)
    const events = await user.must('get', 'events', '-n', 'dev')
    expect(events).not.toContain('ip_unprivileged_port_start')
  }, 180_000)
})
