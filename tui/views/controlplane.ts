import type { ComponentReport } from '../../src/admin/types.ts'
import { leaderOf } from '../model/select.ts'
import { stateOf } from '../model/state.ts'
import type { Model } from '../model/types.ts'
import type { Style } from '../theme/theme.ts'
import { type Line, span } from '../widgets/line.ts'
import { age, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { pad, widthOf } from '../widgets/text.ts'
import type { View } from './types.ts'

/** For so long the title says where the control plane came from. */
const movedMs = 10_000
const stateStyles: Readonly<Record<ComponentReport['state'], Style>> = {
  running: 'ok',
  starting: 'pending',
  failed: 'down',
  stopped: 'dim',
}

/** Panel 5: scheduler and controllers; it moves with the leader. */
export const controlPlaneView: View = input => {
  const { model, ui, theme, width, height } = input
  const leader = leaderOf(model)
  const title = `5 CONTROL PLANE @ ${leader?.name ?? '-'}`
  const options = {
    title,
    note: moved(model),
    width,
    height,
    theme,
    focused: ui.focus === 5,
  }
  const rows = height - 2
  const plane = leader?.report?.controlPlane
  if (!plane) return panel(options, [withoutLeader(model)])
  const rates = model.samples.at(-1)?.rates ?? {}
  const busy = (component: ComponentReport) =>
    (component.name === 'scheduler' ? 1e6 : 0) +
    (component.state === 'running' ? 0 : 1e5) +
    component.errors * 100 +
    component.queue * 10 +
    component.done
  const sorted = [...plane.components].sort((a, b) => busy(b) - busy(a))
  const fits = sorted.length <= rows - 1
  const shown = sorted.slice(0, fits ? rows - 1 : Math.max(0, rows - 1))
  const name = Math.min(
    24,
    width - 30,
    Math.max(0, ...shown.map(component => widthOf(component.name))),
  )
  const lines = shown.map(
    (component): Line => row(component, rates[component.name] ?? 0, name, width - 2 - name >= 40),
  )
  const running = plane.components.filter(component => component.state === 'running').length
  const more = plane.components.length - shown.length
  const renewed = model.nodes.find(node => node.name === leader.name)?.renewedAt ?? 0
  const last: Line = [
    span(more > 0 ? ` +${more} more  ` : ' '),
    span(
      `${running}/${plane.components.length} running term ${plane.term}`,
      plane.running ? 'ok' : 'pending',
    ),
    ...(renewed > 0 ? [span(`  lease ${age(model.now - renewed)} ago`, 'dim')] : []),
  ]
  return panel(options, [...lines, last])
}

/** That nothing reconciles is known only where peers answer. */
function withoutLeader(model: Model): Line {
  const { word } = stateOf(model)
  if (word === 'CONNECTING' || word === 'UNKNOWN') return [span(' not known', 'dim')]
  return [span(' no leader: nothing reconciles', 'down')]
}

function row(component: ComponentReport, rate: number, name: number, wide: boolean): Line {
  const { errors, state, queue, done } = component
  const word = component.name === 'scheduler' ? 'bound' : 'done'
  const bound = wide || component.name === 'scheduler' ? `${word} ${short(done, 6)}  ` : ''
  return [
    span(` ${pad(component.name, name)} `),
    span(`q ${pad(short(queue, 4), 4)}`, queue > 0 ? 'pending' : 'plain'),
    span(`${pad(short(rate, 4), 4, 'right')}/s  `),
    errors > 0
      ? span(`fail ${short(errors, 5)}  `, 'warn')
      : span(`${state === 'running' ? 'ok' : state}  `, stateStyles[state]),
    span(bound, 'dim'),
  ]
}

function moved(model: Model): string | undefined {
  const [before, now] = model.reigns.slice(-2)
  if (!before || !now || before.leader === now.leader) return undefined
  if (model.now - now.from > movedMs) return undefined
  return `from ${before.leader}`
}
