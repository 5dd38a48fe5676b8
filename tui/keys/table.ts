/** What a key does; `dispatch.ts` carries it out. */
export type ActionName =
  | 'kill'
  | 'pause'
  | 'partition'
  | 'heal'
  | 'transfer'
  | 'restart'
  | 'slow'
  | 'panel'
  | 'nextPanel'
  | 'previousPanel'
  | 'zoom'
  | 'back'
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'pageUp'
  | 'pageDown'
  | 'freeze'
  | 'help'
  | 'repaint'
  | 'suspend'
  | 'quit'

/** One row drives dispatch, footer and help. */
export interface KeyRow {
  readonly keys: readonly string[]
  readonly action: ActionName
  /** What the footer calls it; absent: not in the footer. */
  readonly footer?: string
  /** How the key is written in the footer and help. */
  readonly shown: string
  readonly help: string
}

/**
 * Lower case never destroys; what an upper-case key does is asked first. Keys have the names that
 * `parse.ts` gives: a character, or `up`, `ctrl-l`.
 */
export const keyTable: readonly KeyRow[] = [
  { keys: ['X'], action: 'kill', footer: 'kill', shown: 'X', help: 'kill -9 the selected peer' },
  {
    keys: ['Z'],
    action: 'pause',
    footer: 'pause',
    shown: 'Z',
    help: 'pause the selected peer (SIGSTOP), or let it continue',
  },
  {
    keys: ['P'],
    action: 'partition',
    footer: 'partition',
    shown: 'P',
    help: 'cut the selected peer off from all others',
  },
  {
    keys: ['H'],
    action: 'heal',
    footer: 'heal',
    shown: 'H',
    help: 'heal partitions and slow links',
  },
  {
    keys: ['T'],
    action: 'transfer',
    footer: 'transfer',
    shown: 'T',
    help: 'hand over to the selected voter; from the leader: to any',
  },
  {
    keys: ['R'],
    action: 'restart',
    footer: 'restart',
    shown: 'R',
    help: 'start the selected peer again',
  },
  { keys: ['L'], action: 'slow', footer: 'slow', shown: 'L', help: 'delay its links by 200 ms' },
  {
    keys: ['1', '2', '3', '4', '5', '6'],
    action: 'panel',
    shown: '1-6',
    help: 'focus a panel',
  },
  {
    keys: ['tab'],
    action: 'nextPanel',
    footer: 'panel',
    shown: 'tab',
    help: 'focus the next panel; shift-tab the one before',
  },
  { keys: ['shift-tab'], action: 'previousPanel', shown: '', help: '' },
  {
    keys: ['enter'],
    action: 'zoom',
    footer: 'zoom',
    shown: 'enter',
    help: 'the focused panel on the whole screen',
  },
  { keys: ['escape', '-'], action: 'back', shown: 'esc', help: 'back' },
  {
    keys: ['j', 'down', 'l', 'right'],
    action: 'next',
    shown: 'j k, arrows',
    help: 'select a peer; scroll panel 6, and panel 4 zoomed',
  },
  { keys: ['k', 'up', 'h', 'left'], action: 'previous', shown: '', help: '' },
  { keys: ['g'], action: 'first', shown: 'g G', help: 'first, last' },
  { keys: ['G'], action: 'last', shown: '', help: '' },
  { keys: ['ctrl-u', 'ctrl-b', 'pageup'], action: 'pageUp', shown: 'ctrl-u ctrl-d', help: 'page' },
  { keys: ['ctrl-d', 'ctrl-f', 'pagedown'], action: 'pageDown', shown: '', help: '' },
  { keys: ['.'], action: 'freeze', shown: '.', help: 'hold the picture; data goes on arriving' },
  { keys: ['ctrl-l', 'ctrl-r'], action: 'repaint', shown: 'ctrl-l', help: 'paint all again' },
  { keys: ['ctrl-z'], action: 'suspend', shown: 'ctrl-z', help: 'suspend; fg continues' },
  { keys: ['?'], action: 'help', footer: 'help', shown: '?', help: 'this help' },
  {
    keys: ['q', 'ctrl-c'],
    action: 'quit',
    footer: 'quit',
    shown: 'q',
    help: 'quit; npm start asks what becomes of the cluster',
  },
]
