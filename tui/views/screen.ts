import { beside, block, type Line } from '../widgets/line.ts'
import { controlPlaneView } from './controlplane.ts'
import { eventsView } from './events.ts'
import { failoverView } from './failover.ts'
import { footer, helpView } from './footer.ts'
import { header, oneLine } from './header.ts'
import { nodesView } from './nodes.ts'
import { peersView, raftView } from './raft.ts'
import { replicationView } from './replication.ts'
import type { PanelNumber, View, ViewInput } from './types.ts'

const views: Readonly<Record<PanelNumber, View>> = {
  1: raftView,
  2: replicationView,
  3: failoverView,
  4: nodesView,
  5: controlPlaneView,
  6: eventsView,
}

/** The whole screen: exactly `height` lines of exactly `width` cells. */
export const screenView: View = input => {
  const { width, height, ui } = input
  if (width < 60 || height < 15) return block([oneLine(input)], width, Math.max(1, height))
  const body = { ...input, height: height - 2 }
  const lines = ui.help ? helpView(body) : ui.zoomed ? views[ui.focus](body) : layoutOf(width)(body)
  return block([header(input), ...block(lines, width, height - 2), footer(input)], width, height)
}

/** Columns that two panels beside each other need, and a column of events. */
const wideLeast = 116
const eventsLeast = 44

/** Each panel once: events get a column of their own only where the rest still has two. */
function layoutOf(width: number): (input: ViewInput) => Line[] {
  if (width - eventsWidth(width) >= wideLeast) return widest
  return width >= 120 ? wide : narrow
}

function eventsWidth(width: number): number {
  return Math.max(eventsLeast, Math.floor(width * 0.3))
}

/** Events in a column of their own. */
function widest(input: ViewInput): Line[] {
  const events = eventsWidth(input.width)
  const left = { ...input, width: input.width - events }
  return beside(wide(left, false), eventsView({ ...input, width: events }))
}

/** Two columns. Rows go in this order when it is short: events, timeline, control plane, ring. */
function wide(input: ViewInput, withEvents = true): Line[] {
  const { width, height, model } = input
  const peers = model.peers.length
  const nodeRows = Math.min(Math.max(model.nodes.length, 3), 8) + 3
  const heights = { top: Math.max(9, Math.min(13, peers + 8)), failover: 8, nodes: nodeRows }
  heights.top = Math.max(heights.top, Math.min(13, height - heights.failover - heights.nodes - 6))
  let events = withEvents ? height - heights.top - heights.failover - heights.nodes : 0
  const shrink = (part: keyof typeof heights, least: number, want: number) => {
    const give = Math.min(Math.max(0, heights[part] - least), Math.max(0, want - events))
    heights[part] -= give
    events += give
  }
  const rowsLeast = withEvents ? 4 : 0
  if (withEvents) {
    shrink('failover', 5, rowsLeast)
    shrink('nodes', 5, rowsLeast)
    shrink('top', peers + 3, rowsLeast)
  } else {
    const spare = height - heights.top - heights.failover - heights.nodes
    if (spare > 0) heights.failover += Math.min(spare, 8)
    if (spare > 8) heights.nodes += spare - 8
  }
  const ringWidth = Math.floor(width / 3)
  const planeWidth = Math.floor(width * 0.42)
  const top = { ...input, height: heights.top }
  const low = { ...input, height: heights.nodes }
  return [
    ...beside(
      raftView({ ...top, width: ringWidth }),
      replicationView({ ...top, width: width - ringWidth }),
    ),
    ...failoverView({ ...input, height: heights.failover }),
    ...beside(
      nodesView({ ...low, width: width - planeWidth }),
      controlPlaneView({ ...low, width: planeWidth }),
    ),
    ...(events >= 3 ? eventsView({ ...input, height: events }) : []),
  ]
}

/** One column; the ring gives way to the table. Never dropped: peers' table, failover line. */
function narrow(input: ViewInput): Line[] {
  const { width, height, model } = input
  const peers = Math.min(model.peers.length + 3, height - 4)
  let left = height - peers
  const take = (wanted: number, least: number) => {
    const got = left >= least ? Math.min(wanted, left) : 0
    left -= got
    return got
  }
  const failover = take(model.history.length > 1 ? 5 : 4, 4)
  const full = width >= 80
  const nodes = full ? take(Math.ceil(model.nodes.length / 2) + 3, 4) : 0
  const events = full ? take(6, 4) : 0
  const plane = full ? take(Math.max(0, left), 5) : 0
  const grown = plane === 0 && events > 0 ? events + left : events
  const spare = failover + (grown === 0 && plane === 0 ? left : 0)
  return [
    ...peersView({ ...input, height: peers }),
    ...(failover > 0 ? failoverView({ ...input, height: spare }) : []),
    ...(nodes > 0 ? nodesView({ ...input, height: nodes }) : []),
    ...(plane > 0 ? controlPlaneView({ ...input, height: plane }) : []),
    ...(grown > 0 ? eventsView({ ...input, height: grown }) : []),
  ]
}
