import type { LogKind, LogLine } from '../model/types.ts'
import type { Style } from '../theme/theme.ts'
import { type Line, pad, safe, span, widthOf } from '../widgets/line.ts'
import { clock, grouped } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
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
  const note = back > 0 ? `${back} newer below` : `${grouped(model.logSeen)} seen`
  const options = { title: '6 EVENTS', note, width, height, theme, focused: ui.focus === 6 }
  const end = model.log.length - back
  const shown = model.log.slice(Math.max(0, end - rows), end)
  const source = Math.min(16, Math.max(7, ...shown.map(line => widthOf(line.source))))
  return panel(
    options,
    shown.map(line => eventLine(line, source)),
  )
}

/** `12:04:27.355  RAFT    peer-3  became leader of term 8`. */
export function eventLine(line: LogLine, source: number): Line {
  return [
    span(` ${clock(line.at, true)}  `, 'dim'),
    span(pad(line.kind, 8), styles[line.kind]),
    span(`${pad(safe(line.source), source)} `),
    span(safe(line.message), line.level === 'warn' ? 'warn' : 'plain'),
  ]
}
