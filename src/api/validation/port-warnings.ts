import { each, type Loose } from './loose.ts'

interface Port {
  readonly at: string
  readonly hostIP: string
  readonly hostPort: number
}

/** Ports of a pod's containers that get in each other's way. Source: pkg/api/pod/warnings.go. */
export function portWarnings(spec: Loose, path: string): string[] {
  const said: string[] = []
  const late: string[] = []
  const ports = new Map<string, Port[]>()
  const names = new Map<string, string>()
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    each(spec[list] as Loose[], `${path}.${list}`, (container, inside) => {
      each(container.ports as Loose[], `${inside}.ports`, (port, at) => {
        const { name = '', hostIP = '', hostPort = 0, containerPort = 0, protocol = '' } = port
        if (hostIP !== '' && hostPort === 0) {
          const text = `{Name:${name} HostPort:0 ContainerPort:${containerPort}`
          said.push(
            `${at}: hostIP set without hostPort: ${text} Protocol:${protocol} HostIP:${hostIP}}`,
          )
        }
        const key = `${containerPort}/${protocol}`
        const others = ports.get(key) ?? []
        const mine = { at, hostIP, hostPort }
        for (const other of others) {
          const how = relation(mine, other)
          if (how !== undefined) said.push(`${at}: ${how} port definition with ${other.at}`)
        }
        ports.set(key, [...others, mine])
        if (name === '') return
        const first = names.get(name)
        if (first === undefined) names.set(name, at)
        else
          late.push(
            `${at}: duplicate port name ${JSON.stringify(name)} with ${first}, ${uses(first)}`,
          )
      })
    })
  }
  return [...said, ...late]
}

function uses(first: string): string {
  return `services and probes that select ports by name will use ${first}`
}

function relation(port: Port, other: Port): string | undefined {
  if (port.hostIP === other.hostIP && port.hostPort === other.hostPort) return 'duplicate'
  if (port.hostPort === 0 || other.hostPort === 0) return 'overlapping'
  const isOpen = (port.hostIP === '') !== (other.hostIP === '')
  return port.hostPort === other.hostPort && isOpen ? 'dangerously ambiguous' : undefined
}
