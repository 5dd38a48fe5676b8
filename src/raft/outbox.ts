import type { Index, MemberId, Message, ReadState, Ready } from './types.ts'

/** What a step has produced so far. */
export class Outbox {
  readonly now: Message[] = []
  readonly afterSync: Message[] = []
  readonly readStates: ReadState[] = []
  readonly snapshotsWanted: MemberId[] = []
  readonly notProposed: Uint8Array[] = []
  restored: Ready['restored']
  proposedAt: Index | undefined

  sendNow(message: Message): void {
    this.now.push(message)
  }

  sendAfterSync(message: Message): void {
    // Of several acknowledgements in one step only the last matters.
    const last = this.afterSync.at(-1)
    if (last !== undefined && isCovered(last, message)) this.afterSync.pop()
    this.afterSync.push(message)
  }
}

function isCovered(old: Message, by: Message): boolean {
  if (old.type !== 'append-answer' || by.type !== 'append-answer') return false
  return old.ok && by.ok && old.to === by.to && old.term === by.term && old.index <= by.index
}
