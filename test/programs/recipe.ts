import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A real program, and the package of `test/upstream` that it is built of. */
export interface Program {
  readonly name: string
  readonly package: string
  /** It is a package's tests: `go test -c`. */
  readonly isTest?: true
}

/** Cheap ones first, so that a build that can't work says so early. */
export const programs = [
  { name: 'ginkgo', package: 'github.com/onsi/ginkgo/v2/ginkgo' },
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  { name: 'etcdctl', package: 'go.etcd.io/etcd/etcdctl/v3' },
  { name: 'agnhost', package: 'k8s.io/kubernetes/test/images/agnhost' },
  { name: 'kubectl', package: 'k8s.io/kubernetes/cmd/kubectl' },
  { name: 'kube-scheduler', package: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  { name: 'kube-apiserver', package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  { name: 'kube-controller-manager', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  { name: 'e2e.test', package: 'k8s.io/kubernetes/test/e2e', isTest: true },
] as const satisfies readonly Program[]

export type ProgramName = (typeof programs)[number]['name']

/** `major.minor` of Go that go.mod asks for. */
export const goNeeded = { major: 1, minor: 25 } as const

/** `go1.26.8` is new enough; undefined is no Go at all. */
export function isGoEnough(version: string | undefined): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version ?? '') ?? []
  if (major === undefined) return false
  if (Number(major) !== goNeeded.major) return Number(major) > goNeeded.major
  return Number(minor) >= goNeeded.minor
}

/** `v1.35.4`: the version of Kubernetes that a go.mod names. */
export function kubernetesVersion(goMod: string): string {
  const version = /^\s*k8s\.io\/kubernetes (v\d+\.\d+\.\d+)\b/m.exec(goMod)?.[1]
  if (version === undefined) throw new Error('go.mod names no version of k8s.io/kubernetes')
  return version
}

/**
 * Arguments of `go` that build a program into `file`. Tags and the places of the version are those
 * of Kubernetes' own build. Source: hack/lib/golang.sh, hack/lib/version.sh.
 */
export function buildArguments(program: Program, file: string, version: string): string[] {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const flags = Object.entries(stamps).flatMap(([name, value]) =>
    ['k8s.io/client-go/pkg/version', 'k8s.io/component-base/version'].map(
      place => `-X ${place}.${name}=${value}`,
    ),
  )
  return [
    ...(program.isTest ? ['test', '-c'] : ['build']),
    ...['-mod=readonly', '-trimpath', '-buildvcs=false', '-tags=selinux,notest,grpcnotrace'],
    `-ldflags=-s -w ${flags.join(' ')}`,
    ...['-o', file, program.package],
  ]
}

/**
 * Where the programs are kept: outside the tree, for they are large, and under a name that changes
 * with what they are made of.
 */
export function cacheFolder(module: string, env: NodeJS.ProcessEnv = process.env): string {
  const hash = createHash('sha256')
  for (const name of ['go.mod', 'go.sum']) hash.update(readFileSync(join(module, name)))
  for (const program of programs) hash.update(buildArguments(program, '', 'v0.0.0').join('\0'))
  const base = env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(base, 'quorate', `upstream-${hash.digest('hex').slice(0, 12)}`)
}
