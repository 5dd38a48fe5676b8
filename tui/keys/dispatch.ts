import type { Fault } from '../../src/admin/types.ts'
import { isCut, leaderOf, roleOf } from '../model/select.ts'
import type { Model, PeerState } from '../model/types.ts'
import { letterOf, selectedPeer } from '../views/peers.ts'
import { type Effect, type PanelNumber, panelNumbers, type Ui } from '../views/types.ts'
import { afterCut, afterLoss, afterReturn, transferRefusal } from './forecast.ts'
import { type ActionName, keyTable } from './table.ts'

/** The screen as it is before any key. */
export const initialUi: Ui = {
  ...{ focus: 1, zoomed: false, help: false, frozen: false, scroll: 0 },
  ownsCluster: false,
}

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
  if (byKey.get(key) === 'suspend') return { ui, effect: { type: 'suspend' } }
  if (ui.confirm) {
    const { answers } = ui.confirm
    const asked = { ...ui, confirm: undefined, notice: undefined }
    const answer = answers.find(({ keys }) => keys.includes(key))
    if (answer) return { ui: asked, effect: answer.effect }
    return key === 'ctrl-c' ? quitting(asked) : { ui: asked }
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
  return yesNo(question, expect, { type: 'fault', fault: what, peers })
}

function yesNo(question: string, expect: string, effect: Effect) {
  return { question, expect, answers: [{ keys: ['y'], does: 'yes', effect }] }
}

/** Where the cluster lives and dies with this program, it is asked what shall become of it. */
function quitting(ui: Ui): Pressed {
  if (!ui.ownsCluster) return { ui, effect: { type: 'quit', cluster: 'leave' } }
  const answers = [
    { keys: ['l'], does: 'leave it running', effect: { type: 'quit', cluster: 'leave' } as const },
    { keys: ['s', 'ctrl-c'], does: 'stop it', effect: { type: 'quit', cluster: 'stop' } as const },
  ]
  const question = 'quit: what shall become of the cluster?'
  return { ui: { ...ui, help: false, confirm: { question, expect: '', answers } } }
}

/** `peer-1 (L)`. */
function called(model: Model, peer: PeerState): string {
  return `${peer.name} (${letterOf(roleOf(peer, model.now))})`
}

const questions: Partial<Readonly<Record<ActionName, Question>>> = {
  kill(model, peer) {
    if (roleOf(peer, model.now) === 'down') return { refused: `${peer.name} is down already` }
    const what = { type: 'kill', peer: peer.name } as const
    const expect = afterLoss(model, peer, 'at once')
    return fault(`kill -9 ${called(model, peer)}?`, expect, what, [peer.name])
  },
  pause(model, peer) {
    const role = roleOf(peer, model.now)
    if (role === 'paused') {
      const what = { type: 'resume', peer: peer.name } as const
      return fault(`let ${peer.name} continue?`, afterReturn(model, peer), what, [peer.name])
    }
    if (role === 'down') return { refused: `${peer.name} is down: R starts it` }
    const what = { type: 'pause', peer: peer.name } as const
    const expect = afterLoss(model, peer, 'by silence')
    return fault(`pause ${called(model, peer)}?`, expect, what, [peer.name])
  },
  partition(model, peer) {
    if (isCut(peer.report)) return { refused: `${peer.name} is cut off already: H heals` }
    const what = { type: 'partition', from: [peer.name] } as const
    const question = `cut ${called(model, peer)} off?`
    return fault(question, afterCut(model, peer), what, [peer.name])
  },
  heal(model) {
    const expect = afterReturn(model, undefined)
    return fault('heal all partitions and slow links?', expect, { type: 'heal' }, [])
  },
  transfer(model, peer) {
    const leader = leaderOf(model)
    if (!leader) return { refused: 'there is no leader to hand over' }
    const others = model.peers.filter(each => each !== leader)
    const able = others.filter(each => transferRefusal(model, each) === undefined)
    if (peer === leader && able.length === 0) return { refused: 'no other voter could lead now' }
    const refused = peer === leader ? undefined : transferRefusal(model, peer)
    if (refused !== undefined) return { refused }
    const to = peer === leader ? undefined : peer.name
    const whom = to ?? able.map(({ name }) => name).join(' or ')
    const question = `hand the leadership of ${leader.name} to ${whom}?`
    const effect = { type: 'transfer', leader: leader.name, to } as const
    return yesNo(question, 'expect: no failed write', effect)
  },
  restart(model, peer) {
    const down = roleOf(peer, model.now) === 'down'
    const what = { type: 'restart', peer: peer.name } as const
    const expect = down ? afterReturn(model, peer) : afterLoss(model, peer, 'at once')
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
  panel: (ui, key) => ({
    ui: { ...ui, help: false, scroll: 0, focus: Number(key) as PanelNumber },
  }),
  nextPanel: ui => ({ ui: turn(ui, 1) }),
  previousPanel: ui => ({ ui: turn(ui, -1) }),
  zoom: ui => ({ ui: { ...ui, help: false, scroll: 0, zoomed: !ui.zoomed } }),
  back: ui => ({ ui: ui.help ? { ...ui, help: false } : { ...ui, zoomed: false, scroll: 0 } }),
  next: (ui, _key, model) => ({ ui: move(ui, model, 1) }),
  previous: (ui, _key, model) => ({ ui: move(ui, model, -1) }),
  first: (ui, _key, model) => ({ ui: edge(ui, model, 'first') }),
  last: (ui, _key, model) => ({ ui: edge(ui, model, 'last') }),
  pageUp: (ui, _key, model) => ({ ui: scroll(ui, model, isPodList(ui) ? -pageLines : pageLines) }),
  pageDown: (ui, _key, model) => ({
    ui: scroll(ui, model, isPodList(ui) ? pageLines : -pageLines),
  }),
  freeze: ui => ({ ui: { ...ui, frozen: !ui.frozen } }),
  help: ui => ({ ui: { ...ui, help: !ui.help } }),
  repaint: ui => ({ ui, effect: { type: 'repaint' } }),
  quit: ui => quitting(ui),
}

function turn(ui: Ui, step: number): Ui {
  const at = panelNumbers.indexOf(ui.focus)
  const next = panelNumbers[(at + step + panelNumbers.length) % panelNumbers.length] ?? 1
  return { ...ui, help: false, scroll: 0, focus: next }
}

/** In panel 6, and panel 4 on the whole screen, lines move; elsewhere the selection among peers. */
function move(ui: Ui, model: Model, step: number): Ui {
  if (ui.focus === 6) return scroll(ui, model, -step)
  if (isPodList(ui)) return scroll(ui, model, step)
  const at = model.peers.findIndex(peer => peer.name === selectedPeer(model, ui)?.name)
  const next = model.peers[Math.max(0, Math.min(model.peers.length - 1, at + step))]
  return next ? { ...ui, selected: next.name } : ui
}

function edge(ui: Ui, model: Model, which: 'first' | 'last'): Ui {
  if (ui.focus === 6) return { ...ui, scroll: which === 'last' ? 0 : model.log.length }
  if (isPodList(ui)) return { ...ui, scroll: which === 'first' ? 0 : linesOf(ui, model) }
  const peer = which === 'first' ? model.peers[0] : model.peers.at(-1)
  return peer ? { ...ui, selected: peer.name } : ui
}

function isPodList({ focus, zoomed }: Ui): boolean {
  return focus === 4 && zoomed
}

/** Lines that there are to scroll: events, or nodes and pods with two lines between. */
function linesOf(ui: Ui, { log, nodes, pods }: Model): number {
  return isPodList(ui) ? nodes.length + 2 + pods.list.length : log.length
}

/** `lines` down the list of pods; events count from their end. */
function scroll(ui: Ui, model: Model, lines: number): Ui {
  const max = Math.max(0, linesOf(ui, model) - 1)
  return { ...ui, scroll: Math.max(0, Math.min(max, ui.scroll + lines)) }
}
