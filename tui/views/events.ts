import type { LogKind, LogLine } from '../model/types.ts'
import type { Style } from '../theme/theme.ts'
import { type Line, span } from '../widgets/line.ts'
import { clock, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { pad, widthOf } from '../widgets/text.ts'
import type { View } from './types.ts'

const styles: Readonly<Record<LogKind, Style>> = {
  FAULT: 'down',
  RAFT: 'leader',
  CONTROL: 'ok',
  NODE: 'pending',
  STORE: 'cut',
  PROCESS: 'warn',
  KUBE: 'dim',
}

/** Panel 6: what happened, newest at the bottom. */
export const eventsView: View = input => {
  const { model, ui, theme, width, height } = input
  const rows = height - 2
  const back = Math.min(ui.scroll, Math.max(0, model.log.length - rows))
  const note = back > 0 ? `${back} newer below` : `${short(model.logSeen, 9)} seen`
  const options = { title: '6 EVENTS', note, width, height, theme, focused: ui.focus === 6 }
  const end = model.log.length - back
  const shown = model.log.slice(Math.max(0, end - rows), end)
  const source = Math.min(16, Math.max(7, ...shown.map(line => widthOf(line.source))))
  return panel(
    options,
    shown.map(line => eventLine(line, source)),
  )
}

/** `12:04:27.355  RAFT    peer-3  became leader of term 8`; without ms where nobody told them. */
export function eventLine(line: LogLine, source: number): Line {
  return [
    span(` ${pad(clock(line.at, !line.coarse), 12)}  `, 'dim'),
    span(pad(line.kind, 8), styles[line.kind]),
    span(`${pad(line.source, source)} `),
    span(line.message, line.level === 'warn' ? 'warn' : 'plain'),
  ]
}
