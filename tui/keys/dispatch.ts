import type { Fault } from '../../src/admin/types.ts'
import { isCut, leaderOf, quorumOf, roleOf } from '../model/select.ts'
import type { Model, PeerState } from '../model/types.ts'
import { letterOf, selectedPeer } from '../views/peers.ts'
import { type Effect, type PanelNumber, panelNumbers, type Ui } from '../views/types.ts'
import { type ActionName, keyTable } from './table.ts'

/** The screen as it is before any key. */
export const initialUi: Ui = { focus: 1, zoomed: false, help: false, frozen: false, scroll: 0 }

/** What a key changes, and what it asks for. */
export interface Pressed {
  readonly ui: Ui
  readonly effect?: Effect
}

const slowMs = 200
const pageLines = 10
const byKey = new Map(keyTable.flatMap(row => row.keys.map(key => [key, row.action] as const)))

/** One key: pure. A fault is only asked for; `y` to its question makes it an effect. */
export function press(model: Model, ui: Ui, key: string): Pressed {
  if (ui.confirm) {
    const { effect } = ui.confirm
    const asked = { ...ui, confirm: undefined, notice: undefined }
    if (key === 'ctrl-c') return { ui: asked, effect: { type: 'quit' } }
    return key === 'y' ? { ui: asked, effect } : { ui: asked }
  }
  const action = byKey.get(key)
  if (!action) return { ui }
  if (ui.help && action === 'quit' && key === 'q') return { ui: { ...ui, help: false } }
  const ask = questions[action]
  if (ask) return { ui: asking(model, ui, ask) }
  return moves[action]?.(ui, key, model) ?? { ui }
}

/** A fault's question, or why it makes no sense now. */
type Question = (
  model: Model,
  peer: PeerState,
) => NonNullable<Ui['confirm']> | { readonly refused: string }

function asking(model: Model, ui: Ui, question: Question): Ui {
  const peer = selectedPeer(model, ui)
  const notice = (text: string) => ({ ...ui, notice: { text, bad: true, at: model.now } })
  if (!peer) return notice('no peer is known yet')
  const answer = question(model, peer)
  return 'refused' in answer ? notice(answer.refused) : { ...ui, confirm: answer, help: false }
}

function fault(question: string, expect: string, what: Fault, peers: readonly string[]) {
  return { question, expect, effect: { type: 'fault', fault: what, peers } as const }
}

/** `peer-1 (L)`. */
function called(model: Model, peer: PeerState): string {
  return `${peer.name} (${letterOf(roleOf(peer, model.now))})`
}

/** What losing this peer should mean. */
function consequence(model: Model, peer: PeerState): string {
  const quorum = quorumOf(model)
  if (quorum.have - 1 < quorum.need) return 'expect: no quorum, writes stop until it is back'
  const leads = leaderOf(model)?.name === peer.name
  return leads ? 'expect: a new leader within 1 s, 0 lost' : 'expect: writes go on, 0 lost'
}

const questions: Partial<Readonly<Record<ActionName, Question>>> = {
  kill(model, peer) {
    if (roleOf(peer, model.now) === 'down') return { refused: `${peer.name} is down already` }
    const what = { type: 'kill', peer: peer.name } as const
    return fault(`kill -9 ${called(model, peer)}?`, consequence(model, peer), what, [peer.name])
  },
  pause(model, peer) {
    const role = roleOf(peer, model.now)
    if (role === 'paused') {
      const what = { type: 'resume', peer: peer.name } as const
      const expect = 'expect: it follows, and catches up'
      return fault(`let ${peer.name} continue?`, expect, what, [peer.name])
    }
    if (role === 'down') return { refused: `${peer.name} is down: R starts it` }
    const what = { type: 'pause', peer: peer.name } as const
    return fault(`pause ${called(model, peer)}?`, consequence(model, peer), what, [peer.name])
  },
  partition(model, peer) {
    if (isCut(peer.report)) return { refused: `${peer.name} is cut off already: H heals` }
    const what = { type: 'partition', from: [peer.name] } as const
    const question = `cut ${called(model, peer)} off?`
    // Its process lives: connections of clients to it stay open, and wait.
    const leads = leaderOf(model)?.name === peer.name
    const expect = leads ? consequence(model, peer) : 'expect: only its own clients wait, 0 lost'
    return fault(question, expect, what, [peer.name])
  },
  heal() {
    const expect = 'expect: all follow one leader, and catch up'
    return fault('heal all partitions and slow links?', expect, { type: 'heal' }, [])
  },
  transfer(model, peer) {
    const leader = leaderOf(model)
    if (!leader) return { refused: 'there is no leader to hand over' }
    const to = peer.name === leader.name ? undefined : peer.name
    const question = `hand the leadership of ${leader.name} to ${to ?? 'any other'}?`
    const effect = { type: 'transfer', leader: leader.name, to } as const
    return { question, expect: 'expect: no failed write', effect }
  },
  restart(model, peer) {
    const down = roleOf(peer, model.now) === 'down'
    const what = { type: 'restart', peer: peer.name } as const
    const expect = down ? 'expect: it follows, and catches up' : consequence(model, peer)
    return fault(`restart ${called(model, peer)}?`, expect, what, [peer.name])
  },
  slow(model, peer) {
    const what = { type: 'slow', peers: [peer.name], delayMs: slowMs } as const
    const question = `delay all links of ${called(model, peer)} by ${slowMs} ms?`
    const leads = leaderOf(model)?.name === peer.name
    const expect = leads ? 'expect: slower writes; H heals' : 'expect: it lags; H heals'
    return fault(question, expect, what, [peer.name])
  },
}

type Move = (ui: Ui, key: string, model: Model) => Pressed

const moves: Partial<Readonly<Record<ActionName, Move>>> = {
  panel: (ui, key) => ({ ui: { ...ui, help: false, focus: Number(key) as PanelNumber } }),
  nextPanel: ui => ({ ui: turn(ui, 1) }),
  previousPanel: ui => ({ ui: turn(ui, -1) }),
  zoom: ui => ({ ui: { ...ui, help: false, zoomed: !ui.zoomed } }),
  back: ui => ({ ui: ui.help ? { ...ui, help: false } : { ...ui, zoomed: false, scroll: 0 } }),
  next: (ui, _key, model) => ({ ui: move(ui, model, 1) }),
  previous: (ui, _key, model) => ({ ui: move(ui, model, -1) }),
  first: (ui, _key, model) => ({ ui: edge(ui, model, 'first') }),
  last: (ui, _key, model) => ({ ui: edge(ui, model, 'last') }),
  pageUp: (ui, _key, model) => ({ ui: scroll(ui, model, pageLines) }),
  pageDown: (ui, _key, model) => ({ ui: scroll(ui, model, -pageLines) }),
  freeze: ui => ({ ui: { ...ui, frozen: !ui.frozen } }),
  help: ui => ({ ui: { ...ui, help: !ui.help } }),
  repaint: ui => ({ ui, effect: { type: 'repaint' } }),
  quit: ui => ({ ui, effect: { type: 'quit' } }),
}

function turn(ui: Ui, step: number): Ui {
  const at = panelNumbers.indexOf(ui.focus)
  const next = panelNumbers[(at + step + panelNumbers.length) % panelNumbers.length] ?? 1
  return { ...ui, help: false, focus: next }
}

/** In panel 6 lines move, elsewhere the selection among peers. */
function move(ui: Ui, model: Model, step: number): Ui {
  if (ui.focus === 6) return scroll(ui, model, -step)
  const at = model.peers.findIndex(peer => peer.name === selectedPeer(model, ui)?.name)
  const next = model.peers[Math.max(0, Math.min(model.peers.length - 1, at + step))]
  return next ? { ...ui, selected: next.name } : ui
}

function edge(ui: Ui, model: Model, which: 'first' | 'last'): Ui {
  if (ui.focus === 6) return { ...ui, scroll: which === 'last' ? 0 : model.log.length }
  const peer = which === 'first' ? model.peers[0] : model.peers.at(-1)
  return peer ? { ...ui, selected: peer.name } : ui
}

function scroll(ui: Ui, model: Model, lines: number): Ui {
  return { ...ui, scroll: Math.max(0, Math.min(model.log.length, ui.scroll + lines)) }
}
