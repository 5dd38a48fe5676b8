import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubectlFile, run, startCluster, type TestCluster } from '../support/cluster.ts'
import { deploymentYaml, podYaml, serviceYaml } from '../support/seed.ts'
import { until } from '../support/until.ts'

/** The architecture document's own objects and commands, with real kubectl, on every peer. */
let cluster: TestCluster
let files: { deployment: string; pod: string; service: string }

beforeAll(async () => {
  cluster = await startCluster()
  const file = (name: string, text: string) => {
    const path = join(cluster.data, name)
    writeFileSync(path, text)
    return path
  }
  files = {
    deployment: file('deployment.yaml', deploymentYaml),
    pod: file('pod.yaml', podYaml),
    service: file('service.yaml', serviceYaml),
  }
}, 90_000)
afterAll(() => cluster?.down(), 60_000)

const readyReplicas = async () =>
  Number(
    await cluster.must(
      ...['get', 'deployment', 'nginx-deployment', '-n', 'dev'],
      ...['-o', 'jsonpath={.status.readyReplicas}'],
    ),
  )

test('the commands of the document work as they stand', async () => {
  expect(await cluster.must('create', 'namespace', 'dev')).toContain('namespace/dev created')
  for (const file of [files.deployment, files.pod, files.service]) {
    expect(await cluster.must('apply', '-f', file, '-n', 'dev')).toContain('created')
  }
  await until('3 ready pods', async () => (await readyReplicas()) === 3, 30_000)
  const pods = await cluster.must('get', 'pods', '-n', 'dev', '-l', 'app=nginx', '-o', 'wide')
  expect(new Set(pods.match(/peer-\d/g)).size).toBe(3)
})

test('the Service is answered by all three pods, and by no other', async () => {
  const jsonpath = '-o=jsonpath={.spec.clusterIP}:{.spec.ports[0].nodePort}'
  const address = await cluster.must('get', 'service', 'nginx-service', '-n', 'dev', jsonpath)
  const [ip = '', nodePort = ''] = address.split(':')
  const node = await cluster.must(
    ...['get', 'node', 'peer-2', '-o', 'jsonpath={.status.addresses[0].address}'],
  )
  for (const url of [`http://${ip}/`, `http://${node}:${nodePort}/`]) {
    const answered = new Set<string>()
    await until(`all pods behind ${url}`, async () => {
      const { out } = await run('curl', ['-s', '-m', '3', url])
      const name = /nginx-[a-z0-9-]+/.exec(out)?.[0]
      if (name) answered.add(name)
      return answered.size === 3
    })
    expect([...answered].every(name => name.startsWith('nginx-deployment-'))).toBe(true)
  }
  const listed = await cluster.must('get', 'service', '-n', 'dev')
  expect(listed).toContain('<pending>')
})

test('every peer serves everything, followers included', async () => {
  for (const n of [1, 2, 3]) {
    const on = (...args: string[]) =>
      cluster.must(`--server=${cluster.api(n)}`, '-n', 'dev', ...args)
    const all = await on('get', 'all', '-o', 'wide')
    for (const word of ['pod/nginx-pod', 'service/nginx-service', 'replicaset.apps/']) {
      expect(all).toContain(word)
    }
    expect(await on('apply', '-f', files.deployment)).toContain('unchanged')
    expect(await on('describe', 'pod', 'nginx-pod')).toContain(
      'Successfully assigned dev/nginx-pod',
    )
    expect(await on('describe', 'deployment', 'nginx-deployment')).toContain('ScalingReplicaSet')
    expect(await on('logs', 'nginx-pod')).toContain('listens on')
    expect(await on('exec', 'nginx-pod', '--', 'sh', '-c', 'echo from $HOSTNAME')).toContain(
      'from nginx-pod',
    )
    const failed = await cluster.kubectl(
      ...[`--server=${cluster.api(n)}`, '-n', 'dev', 'exec', 'nginx-pod'],
      ...['--', 'sh', '-c', 'exit 7'],
    )
    expect(failed.code).toBe(7)
  }
})

test('scale, set image, rollout status and undo, through different peers', async () => {
  const on = (n: number, ...args: string[]) =>
    cluster.must(`--server=${cluster.api(n)}`, '-n', 'dev', ...args)
  const status = (n: number) =>
    on(n, 'rollout', 'status', 'deployment/nginx-deployment', '--timeout=60s')
  await on(1, 'scale', 'deployment/nginx-deployment', '--replicas=5')
  expect(await status(2)).toContain('successfully rolled out')
  await on(2, 'set', 'image', 'deployment/nginx-deployment', 'nginx=nginx:1.16.1')
  expect(await status(3)).toContain('successfully rolled out')
  expect(await on(1, 'get', 'deployment', 'nginx-deployment', '-o', 'wide')).toContain(
    'nginx:1.16.1',
  )
  await on(3, 'rollout', 'undo', 'deployment/nginx-deployment')
  expect(await status(1)).toContain('successfully rolled out')
  expect(await on(2, 'get', 'deployment', 'nginx-deployment', '-o', 'wide')).toContain(
    'nginx:1.14.2',
  )
  expect(await on(2, 'rollout', 'history', 'deployment/nginx-deployment')).toMatch(/\n3 /)
}, 120_000)

test('get -w and logs -f stream what happens', async () => {
  const follow = (...args: string[]) => {
    const child = spawn(kubectlFile, [`--server=${cluster.api(2)}`, '-n', 'dev', ...args], {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.data },
    })
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
    })
    return { child, text: () => text }
  }
  const watch = follow('get', 'pods', '-w')
  const logs = follow('logs', '-f', 'nginx-pod')
  try {
    await until('the first rows', () => watch.text().includes('nginx-pod'))
    const ip = await cluster.must(
      ...['get', 'pod', 'nginx-pod', '-n', 'dev', '-o', 'jsonpath={.status.podIP}'],
    )
    await run('curl', ['-s', '-m', '3', `http://${ip}/followed`])
    await until('the access line', () => logs.text().includes('GET /followed'))
    await cluster.must('delete', 'pod', 'nginx-pod', '-n', 'dev', '--wait=false')
    await until('the deletion', () => watch.text().includes('Terminating'))
  } finally {
    watch.child.kill()
    logs.child.kill()
  }
})

test('delete takes everything away, also the namespace', async () => {
  await cluster.must('delete', 'deployment', 'nginx-deployment', '-n', 'dev')
  await until(
    'no replica sets',
    async () => {
      const { out } = await cluster.kubectl('get', 'rs,pods', '-n', 'dev', '-o', 'name')
      return out.trim() === ''
    },
    60_000,
  )
  expect(await cluster.must('delete', 'namespace', 'dev', '--timeout=60s')).toContain('deleted')
}, 120_000)

test('a second start finds everything again, and says how long it took', async () => {
  await run(process.execPath, ['dist/bundle/main.js', 'down', '--data', cluster.data])
  const ran = await cluster.up()
  const seconds = Number(/ready after ([\d.]+) s/.exec(ran.out)?.[1])
  process.stdout.write(`second start: ready after ${seconds} s\n`)
  expect((await cluster.kubectl('get', 'namespaces')).out).toContain('kube-system')
}, 90_000)
