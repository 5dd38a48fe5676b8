import { keyTable } from '../keys/table.ts'
import { type Line, lineWidth, span, spread } from '../widgets/line.ts'
import { panel } from '../widgets/panel.ts'
import { pad } from '../widgets/text.ts'
import type { View, ViewInput } from './types.ts'

const noticeMs = 8_000

/** The last line: a question, the answer to the last key, or the keys. */
export function footer({ model, ui, width }: ViewInput): Line {
  if (ui.confirm) {
    const { question, expect, answers } = ui.confirm
    const asked: Line = [span(` ${question} `, 'alert'), span(` ${expect}`, 'plain')]
    const said = answers.map(({ keys, does }) => `${keys[0]}: ${does}`).join(', ')
    return spread(asked, [span(`  ${said}, other key: no `, 'key')], width)
  }
  const { notice } = ui
  if (notice && model.now - notice.at < noticeMs) {
    return spread([span(` ${notice.text}`, notice.bad ? 'down' : 'ok')], [], width)
  }
  const last: Line = [span(' <?>', 'key'), span('help')]
  const keys: Line[number][] = []
  for (const { footer: name, shown } of keyTable) {
    if (!name || shown === '?') continue
    const next: Line = [span(` <${shown}>`, 'key'), span(name)]
    if (lineWidth(keys) + lineWidth(next) + lineWidth(last) > width) break
    keys.push(...next)
  }
  return spread([...keys, ...last], [], width)
}

/** `?`: every key of the table. */
export const helpView: View = ({ theme, width, height }) => {
  const rows = keyTable
    .filter(row => row.help !== '')
    .map((row): Line => [span(`  ${pad(row.shown, 16)}`, 'key'), span(row.help)])
  const notes: Line[] = [
    [span('  Fault keys act on the selected peer, at first the leader; y confirms.', 'dim')],
    [span('  Roles: L leader  F follower  P pre-candidate  C candidate  N learner', 'dim')],
    [span('         W worker  Z paused  X down  ? silent, and nobody says why', 'dim')],
    [span('  State: NO QUORUM when masters say so; UNKNOWN when nobody answers.', 'dim')],
    [span('  Grey is of the past; "as of" and "ago" say of when.', 'dim')],
    [span('  Times of the stopwatch are those of the peers\u2019 own clocks; reconcile', 'dim')],
    [span('  is when the dashboard saw it (asked ten times a second).', 'dim')],
  ]
  return panel({ title: 'KEYS', note: 'esc: back', width, height, theme, focused: true }, [
    ...rows,
    ...notes,
  ])
}
