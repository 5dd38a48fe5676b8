import { type HostPort, hostPortsOf } from '../framework/node-info.ts'
import { ok, type Plugin, unschedulable } from '../framework/types.ts'

/** hostPort conflicts. Source: plugins/nodeports. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter: ({ pod }, node) => {
    const wanted = hostPortsOf(pod)
    if (wanted.length === 0) return ok
    const used = node.usedPorts()
    return wanted.some(port => used.some(other => conflict(port, other)))
      ? unschedulable("node(s) didn't have free ports for the requested pod ports")
      : ok
  },
}

function conflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0'
}
