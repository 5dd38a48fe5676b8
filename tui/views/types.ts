import type { Fault } from '../../src/admin/types.ts'
import type { Model } from '../model/types.ts'
import type { Theme } from '../theme/theme.ts'
import type { Line } from '../widgets/line.ts'

/** Panels by number, as on the screen. */
export const panelNumbers = [1, 2, 3, 4, 5, 6] as const
export type PanelNumber = (typeof panelNumbers)[number]

/** What the person at the keyboard has chosen; no data of the cluster. */
export interface Ui {
  readonly focus: PanelNumber
  readonly zoomed: boolean
  readonly help: boolean
  /** Name of the selected peer; undefined: the leader. */
  readonly selected?: string
  /** The picture stands still; data goes on arriving. */
  readonly frozen: boolean
  /** Lines that panel 6 is scrolled back, or panel 4 on the whole screen is scrolled down. */
  readonly scroll: number
  /** The cluster was started by this program's parent, and ends with it if that is wanted. */
  readonly ownsCluster: boolean
  /** A question; any key that is none of its answers says no. */
  readonly confirm?: {
    readonly question: string
    readonly expect: string
    readonly answers: readonly Answer[]
  }
  /** The answer to the last key: what was done, or why not. */
  readonly notice?: { readonly text: string; readonly bad: boolean; readonly at: number }
}

/** One way to answer a question; the first of its keys is shown. */
export interface Answer {
  readonly keys: readonly string[]
  readonly does: string
  readonly effect: Effect
}

/** What a key asks of the world outside the state. */
export type Effect =
  | { readonly type: 'fault'; readonly fault: Fault; readonly peers: readonly string[] }
  | { readonly type: 'transfer'; readonly leader: string; readonly to: string | undefined }
  | { readonly type: 'repaint' }
  | { readonly type: 'suspend' }
  /** What shall become of a cluster that lives and dies with this program. */
  | { readonly type: 'quit'; readonly cluster: 'leave' | 'stop' }

/** What a view is a function of. */
export interface ViewInput {
  readonly model: Model
  readonly ui: Ui
  readonly theme: Theme
  readonly width: number
  readonly height: number
}

/** Exactly `height` lines of exactly `width` cells. */
export type View = (input: ViewInput) => Line[]
