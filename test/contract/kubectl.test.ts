import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKubectl, startCluster, type TestCluster } from './support.ts'

/** The real kubectl 1.33 against an API server on a store of this process. */

const manifest = (name: string, extra = '') => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {app: ${name}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - name: main
        image: nginx:1.27
        ports: [{containerPort: 80}]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
${extra}`

const pod = (name: string, labels = '{}', node = '') => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: ${labels}}
spec:
  ${node === '' ? '' : `nodeName: ${node}`}
  containers: [{name: main, image: nginx, resources: {limits: {cpu: 500m, memory: 64Mi}}}]
`

describe.skipIf(!hasKubectl)('kubectl', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 30_000)
  afterAll(() => cluster?.stop())

  /** Runs a command that must succeed. */
  const ok = async (args: string, input?: string): Promise<string> => {
    const { code, out, err } = await cluster.kubectl(args, input)
    expect(`${code} ${err}`, args).toMatch(/^0 (Warning.*\n?)*$/)
    return out
  }
  /** Runs a command that must fail; returns what it says. */
  const fails = async (args: string, input?: string): Promise<string> => {
    const { code, err } = await cluster.kubectl(args, input)
    expect(code, args).not.toBe(0)
    return err
  }
  const json = async (args: string) => JSON.parse(await ok(`${args} -o json`))

  test('discovers, creates by protobuf, lists as a table', async () => {
    expect(await ok('create namespace first')).toBe('namespace/first created\n')
    expect(await ok('get ns first')).toMatch(/NAME +STATUS +AGE\nfirst +Active +\d+s/)
    expect(await ok('api-resources --no-headers')).toMatch(/deployments +deploy +apps\/v1 +true/)
    expect(await ok('api-versions')).toContain('coordination.k8s.io/v1')
    expect(await ok('create configmap settings --from-literal=a=b')).toContain('created')
    expect((await json('get cm settings')).data).toEqual({ a: 'b' })
    expect(await ok('create secret generic hidden --from-literal=a=b')).toContain('created')
    expect((await json('get secret hidden')).data).toEqual({ a: 'Yg==' })
    expect(await fails('create namespace first')).toContain(
      'Error from server (AlreadyExists): namespaces "first" already exists',
    )
    expect(await fails('get ns nowhere')).toContain('namespaces "nowhere" not found')
    expect(await ok('auth whoami')).toContain('kubernetes-admin')
    expect(await ok('auth can-i create pods')).toContain('yes')
  })

  test('keeps zero replicas of a protobuf body', async () => {
    await ok('create deployment none --image=nginx --replicas=0')
    const none = await json('get deploy none')
    expect(none.spec.replicas).toBe(0)
    expect(none.spec.strategy.rollingUpdate).toEqual({ maxSurge: '25%', maxUnavailable: '25%' })
    expect(none.metadata.generation).toBe(1)
  })

  test('applies twice: created, unchanged, configured', async () => {
    expect(await ok('apply -f -', manifest('web'))).toBe('deployment.apps/web created\n')
    expect(await ok('apply -f -', manifest('web'))).toBe('deployment.apps/web unchanged\n')
    const changed = manifest('web').replace('replicas: 2', 'replicas: 3').replace('"1"', '"9"')
    expect(await ok('apply -f -', changed)).toBe('deployment.apps/web configured\n')
    const web = await json('get deploy web')
    expect(web.spec.replicas).toBe(3)
    expect(web.spec.template.spec.containers[0].env).toEqual([
      { name: 'A', value: '9' },
      { name: 'B', value: '2' },
    ])
    expect(web.metadata.generation).toBe(2)
    expect(await ok('diff -f -', changed)).toBe('')
  })

  test('applies on the server, and says whose fields it would take', async () => {
    const server = 'apply --server-side -f -'
    const text = manifest('ssa')
    expect(await cluster.kubectl(server, text)).toMatchObject({ code: 0 })
    expect((await cluster.kubectl(`${server} --field-manager=me`, text)).code).toBe(0)
    const other = text.replace('replicas: 2', 'replicas: 3')
    const refused = await cluster.kubectl(`${server} --field-manager=me`, other)
    expect(refused.err).toContain('conflict with "kubectl": .spec.replicas')
    const forced = await cluster.kubectl(`${server} --field-manager=me --force-conflicts`, other)
    expect(forced.out).toContain('deployment.apps/ssa serverside-applied')
    const shown = await cluster.kubectl('get deployment ssa -o yaml --show-managed-fields')
    expect(shown.out).toContain('f:replicas: {}')
    expect((await cluster.kubectl('diff -f -', other)).code).toBe(0)
  })

  test('applies what leaves: strategy, ports, containers, the source of a volume', async () => {
    const wide = manifest('moving', '      volumes: [{name: v, emptyDir: {}}]\n')
    await ok('apply -f -', wide)
    const narrow = wide
      .replace('replicas: 2', 'strategy: {type: Recreate}')
      .replace('ports: [{containerPort: 80}]', 'ports: [{containerPort: 81}]')
      .replace('emptyDir: {}', 'configMap: {name: c}')
    await ok('apply -f -', narrow)
    const { spec } = await json('get deploy moving')
    expect(spec.strategy).toEqual({ type: 'Recreate' })
    expect(spec.replicas).toBe(1)
    expect(spec.template.spec.containers[0].ports).toEqual([{ containerPort: 81, protocol: 'TCP' }])
    const volume = { name: 'v', configMap: { name: 'c', defaultMode: 420 } }
    expect(spec.template.spec.volumes).toEqual([volume])
  })

  test('knows which kinds there are not', async () => {
    const foreign = 'apiVersion: apps/v9\nkind: Deployment\nmetadata: {name: a}\n'
    expect(await fails('create -f -', foreign)).toContain(
      'no matches for kind "Deployment" in version "apps/v9"',
    )
  })

  test('refuses unknown and repeated fields strictly', async () => {
    const unknown = await fails('apply -f -', manifest('bad', '  unknownField: 1\n'))
    expect(unknown).toContain(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknownField"',
    )
    const wrong = manifest('bad').replace('replicas: 2', 'replicas: two')
    expect(await fails('create --validate=false -f -', wrong)).toContain(
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
    const path = join(cluster.folder, 'twice.json')
    writeFileSync(
      path,
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}',
    )
    expect(
      await fails(
        `create --raw /api/v1/namespaces/default/configmaps?fieldValidation=Strict -f ${path}`,
      ),
    ).toContain('duplicate field "data.a"')
  })

  test('says what is invalid, field by field', async () => {
    const wrong = manifest('wrong').replace(
      'labels: {app: wrong}}\n    spec',
      'labels: {app: x}}\n    spec',
    )
    expect(await fails('create -f -', wrong)).toContain(
      'The Deployment "wrong" is invalid: spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
    )
    expect(await fails('create -f -', pod('Bad_Name'))).toContain(
      'metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of',
    )
  })

  test('prints wide, yaml, describe, explain', async () => {
    expect(await ok('get deploy web -o wide')).toMatch(
      /web +0\/3 +0 +0 +\S+ +main +nginx:1.27 +app=web/,
    )
    expect(await ok('get deploy web -o yaml')).toContain('terminationGracePeriodSeconds: 30')
    expect(await ok('describe deploy web')).toContain('StrategyType:           RollingUpdate')
    expect(await ok('explain deployment.spec.replicas')).toContain('FIELD: replicas <integer>')
    expect(await ok('get deploy --sort-by=.metadata.name -o name')).toContain('deployment.apps/web')
  })

  test('labels, annotates, sets an image, scales, patches in three ways', async () => {
    await ok('label deploy web tier=front')
    await ok('annotate deploy web note=hello')
    await ok('set image deploy/web main=nginx:1.28')
    await ok('scale deploy web --replicas=5')
    await ok(
      `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"C","value":"3"}]}]}}}}'`,
    )
    await ok(`patch deploy web --type=merge -p '{"spec":{"paused":true}}'`)
    await ok(
      `patch deploy web --type=json -p '[{"op":"add","path":"/spec/minReadySeconds","value":4},{"op":"add","path":"/metadata/labels/x","value":"y"}]'`,
    )
    await ok(
      `patch deploy web --subresource=status --type=merge -p '{"status":{"replicas":5},"spec":{"replicas":1}}'`,
    )
    const { metadata, spec, status } = await json('get deploy web')
    expect(metadata.labels).toEqual({ app: 'web', tier: 'front', x: 'y' })
    expect(metadata.annotations.note).toBe('hello')
    expect(spec).toMatchObject({ replicas: 5, paused: true, minReadySeconds: 4 })
    expect(spec.template.spec.containers[0].image).toBe('nginx:1.28')
    const { env } = spec.template.spec.containers[0]
    expect(env.map((one: { name: string }) => one.name)).toEqual(['C', 'A', 'B'])
    expect(status.replicas).toBe(5)
    expect(
      await fails(
        `patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":1}]'`,
      ),
    ).toContain('the server rejected our request due to an error in our request')
    expect(
      await fails(
        `patch deploy web --type=merge -p '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}'`,
      ),
    ).toContain('field is immutable')
  })

  test('replaces only what did not move on', async () => {
    const stale = await json('get cm settings')
    await ok('label cm settings a=b')
    stale.data.a = 'c'
    expect(await fails('replace -f -', JSON.stringify(stale))).toContain(
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again',
    )
  })

  test('dry runs leave nothing behind', async () => {
    expect(await ok('apply --dry-run=server -f -', manifest('dry'))).toContain(
      'created (server dry run)',
    )
    expect(await fails('get deploy dry')).toContain('not found')
  })

  test('watches tables from where the list ended', async () => {
    const watching = cluster.follow(
      'get pods -w -n first',
      out => /watched.*\n(.*\n)*.*watched/.test(out) || out.split('watched').length > 2,
    )
    await ok('create -n first -f -', pod('watched'))
    await new Promise(resolve => setTimeout(resolve, 300))
    const done = ok('label pod watched -n first a=b')
    await done
    const relabel = setInterval(
      () => void cluster.kubectl(`label pod watched -n first --overwrite a=${Date.now()}`),
      500,
    )
    const out = await watching
    clearInterval(relabel)
    expect(out).toMatch(/watched +0\/1 +Pending +0 +\d+s/)
  })

  test('selects by field and label, in chunks', async () => {
    await ok('create ns many')
    const all = Array.from({ length: 25 }, (_, at) =>
      pod(`p${String(at).padStart(2, '0')}`, `{odd: "${at % 2}"}`, at === 7 ? 'n1' : ''),
    )
    await ok('create -n many -f -', all.join('---'))
    expect((await ok('get pods -n many --chunk-size=10 -o name')).trim().split('\n')).toHaveLength(
      25,
    )
    expect(
      (await ok('get pods -n many --chunk-size=4 --no-headers')).trim().split('\n'),
    ).toHaveLength(25)
    expect((await ok('get pods -n many -l odd=1 -o name')).trim().split('\n')).toHaveLength(12)
    expect(await ok('get pods -n many --field-selector spec.nodeName=n1 -o name')).toBe('pod/p07\n')
    expect(
      await ok('get pods -n many --field-selector metadata.name!=p00,status.phase=Running -o name'),
    ).toBe('')
    expect(await fails('get pods -n many --field-selector nope=1')).toContain(
      'field label not supported: nope',
    )
    const page = JSON.parse(await ok('get --raw /api/v1/namespaces/many/pods?limit=5'))
    expect(page.metadata.remainingItemCount).toBe(20)
    expect(page.items[0].metadata.resourceVersion).toMatch(/^\d+$/)
  })

  test('gives services addresses and node ports', async () => {
    await ok('create service clusterip plain --tcp=80:8080')
    await ok('create service nodeport ports --tcp=80:8080')
    await ok('create service clusterip headless --clusterip=None')
    await ok('create service externalname away --external-name example.org')
    const plain = await json('get svc plain')
    expect(plain.spec).toMatchObject({
      type: 'ClusterIP',
      clusterIPs: [plain.spec.clusterIP],
      sessionAffinity: 'None',
    })
    expect(plain.spec.clusterIP).toMatch(/^10\.96\./)
    expect((await json('get svc ports')).spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000)
    expect((await json('get svc headless')).spec.clusterIP).toBe('None')
    expect(
      await fails(
        `patch svc plain --type=merge -p '{"spec":{"clusterIP":"10.96.9.9","clusterIPs":["10.96.9.9"]}}'`,
      ),
    ).toContain('may not change once set')
    expect(await ok('get svc kubernetes --no-headers')).toMatch(
      /ClusterIP +10.96.0.1 +<none> +443\/TCP/,
    )
    const taken = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"other"},"spec":{"clusterIP":"${plain.spec.clusterIP}","ports":[{"port":1}]}}`
    expect(await fails('create -f -', taken)).toContain('provided IP is already allocated')
    await ok('delete svc plain')
    await ok('create -f -', taken)
    expect(await ok('expose deploy web --port=80')).toContain('service/web exposed')
  })

  test('deletes pods gracefully when a kubelet has them', async () => {
    await ok('create -f -', pod('idle'))
    await ok('create -f -', pod('busy', '{}', 'n1'))
    await ok('delete pod idle')
    expect(await fails('get pod idle')).toContain('pods "idle" not found')
    await ok('delete pod busy --wait=false')
    const busy = await json('get pod busy')
    expect(busy.metadata.deletionGracePeriodSeconds).toBe(30)
    expect(await ok('get pod busy --no-headers')).toContain('Terminating')
    await ok('delete pod busy --grace-period=0 --force')
    expect(await fails('get pod busy')).toContain('not found')
    expect(await fails('logs web-1')).toContain('pods "web-1" not found')
  })

  test('holds an object until its finalizers are gone', async () => {
    await ok('create cm held')
    await ok(`patch cm held --type=merge -p '{"metadata":{"finalizers":["example.org/hold"]}}'`)
    await ok('delete cm held --wait=false')
    expect((await json('get cm held')).metadata.deletionTimestamp).toBeTruthy()
    await ok(`patch cm held --type=merge -p '{"metadata":{"finalizers":null}}'`)
    expect(await fails('get cm held')).toContain('not found')
  })

  test('terminates namespaces', async () => {
    await ok('create ns doomed')
    await ok('delete ns doomed --wait=false')
    expect((await json('get ns doomed')).status.phase).toBe('Terminating')
    expect(await fails('create cm late -n doomed')).toContain('because it is being terminated')
    const doomed = await json('get ns doomed')
    doomed.spec.finalizers = []
    await ok('replace --raw /api/v1/namespaces/doomed/finalize -f -', JSON.stringify(doomed))
    expect(await fails('get ns doomed')).toContain('not found')
    expect(await fails('create cm late -n nowhere')).toContain('namespaces "nowhere" not found')
    expect(await fails('delete ns default')).toContain(
      'namespaces "default" is forbidden: this namespace may not be deleted',
    )
  })

  test('deletes a collection', async () => {
    const path = '/api/v1/namespaces/many/pods?gracePeriodSeconds=0&labelSelector=odd%3D1'
    await ok(`delete --raw ${path}`)
    expect((await ok('get pods -n many -o name')).trim().split('\n')).toHaveLength(13)
  })

  test('cordons, taints and drains a node', async () => {
    await ok('create -f -', '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}')
    await ok('cordon n1')
    await ok('taint node n1 a=b:NoSchedule')
    expect(await ok('get node n1 --no-headers')).toMatch(/n1 +Unknown,SchedulingDisabled +<none>/)
    await ok('create -f -', pod('evictable', '{}', 'n1'))
    const drained = await cluster.kubectl('drain n1 --force --timeout=2s')
    expect(drained.out).toContain('evicting pod default/evictable')
  })
})
