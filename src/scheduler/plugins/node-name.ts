import { ok, type Plugin, unresolvable } from '../framework/types.ts'

/** spec.nodeName. Source: plugins/nodename. */
export const nodeName: Plugin = {
  name: 'NodeName',
  filter: ({ pod }, node) =>
    !pod.spec.nodeName || pod.spec.nodeName === node.name
      ? ok
      : unresolvable("node(s) didn't match the requested node name"),
}
