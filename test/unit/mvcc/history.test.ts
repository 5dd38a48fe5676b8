import { expect, test } from 'vitest'
import { Histories, type HistoryView } from '../../../src/mvcc/history.ts'
import type { VersionRow } from '../../../src/mvcc/types.ts'

const row = (key: string, mod: number, value: string | null): VersionRow => ({
  ...{ key, mod, sub: 0, lease: 0, value: Buffer.from(value ?? '') },
  ...{ create: value === null ? 0 : 1, version: value === null ? 0 : 1 },
})

/** A history as text: `mod=value`, and `mod-` for a delete. */
function kept(view: HistoryView, slot: number, floor: number, revision = 100): string {
  const { rows } = view
  const texts = view.kept(slot, floor, revision).map(id => {
    const value = rows.isDelete(id) ? '-' : `=${Buffer.from(rows.value(id))}`
    return `${rows.mod(id)}${value}`
  })
  return texts.join(' ')
}

/** A key put at 4 and 7, deleted at 9, put again at 12. */
function filled(): { histories: Histories; slot: number } {
  const histories = new Histories()
  for (const [mod, value] of [[4, 'a'] as const, [7, 'b'] as const]) {
    histories.append(row('k', mod, value))
  }
  histories.append(row('k', 9, null))
  const { slot } = histories.append(row('k', 12, 'c'))
  return { histories, slot }
}

const floors: readonly (readonly [number, string])[] = [
  [0, '4=a 7=b 9- 12=c'],
  [4, '4=a 7=b 9- 12=c'],
  [6, '4=a 7=b 9- 12=c'],
  [7, '7=b 9- 12=c'],
  [8, '7=b 9- 12=c'],
  // A delete at the floor can still be watched, one before it says nothing.
  [9, '9- 12=c'],
  [10, '12=c'],
  [50, '12=c'],
]

test.each(floors)(
  'what is kept at floor %i, before anything is forgotten and after',
  (floor, text) => {
    const { histories, slot } = filled()
    expect(kept(histories, slot, floor)).toBe(text)
    while (histories.forget(slot, floor, 1) > 0);
    expect(kept(histories, slot, floor)).toBe(text)
    expect(kept(histories, slot, 0)).toBe(text)
  },
)

test('reads at each revision', () => {
  const { histories, slot } = filled()
  const at = (revision: number) => {
    const id = histories.liveAt(slot, revision)
    return id === 0 ? '' : Buffer.from(histories.rows.value(id)).toString()
  }
  expect([3, 4, 6, 7, 8, 9, 11, 12, 99].map(at)).toEqual(['', 'a', 'a', 'b', 'b', '', '', 'c', 'c'])
  expect(histories.liveAt(undefined, 5)).toBe(0)
})

test('a key whose last version is a delete goes altogether, and its place is used again', () => {
  const { histories, slot } = filled()
  histories.append(row('k', 15, null))
  expect(histories.forget(slot, 20, 100)).toBe(5)
  expect(histories.slotOf('k')).toBeUndefined()
  expect(histories.forget(slot, 20, 100)).toBe(0)
  const next = histories.append(row('other', 21, 'x'))
  expect(next).toMatchObject({ slot, isNew: true })
  expect(kept(histories, slot, 20)).toBe('21=x')
  expect(histories.keyOf(next.id)).toBe('other')
})

test('a frozen view keeps what it saw while rows and places are used again', () => {
  const { histories, slot } = filled()
  const second = histories.append(row('second', 13, 'd'))
  histories.append(row('second', 14, null))
  const view = histories.freeze()
  histories.forget(slot, 50, 100)
  histories.forget(second.slot, 50, 100)
  for (let n = 0; n < 5_000; n++) histories.append(row(`new-${n}`, 60 + n, 'new'))
  histories.append(row('k', 9_000, 'later'))
  expect(kept(view, slot, 0)).toBe('4=a 7=b 9- 12=c')
  expect(kept(view, second.slot, 0)).toBe('13=d 14-')
  expect(view.keyOf(view.slots.newest(second.slot))).toBe('second')
  expect(kept(histories, slot, 50, 10_000)).toBe('12=c 9000=later')
})

test('values move out of slabs that are mostly dead, and views keep theirs', () => {
  const histories = new Histories()
  const big = 'x'.repeat(700_000)
  const { id } = histories.append(row('small', 1, 'kept'))
  histories.append(row('big', 2, big))
  const { slot } = histories.append(row('big', 3, big))
  const view = histories.freeze()
  const held = histories.rows.slabs.held
  histories.forget(slot, 10, 100)
  histories.rows.repack(id)
  expect(Buffer.from(histories.rows.value(id)).toString()).toBe('kept')
  expect(histories.rows.slabs.held).toBeLessThan(held)
  expect(kept(view, slot, 0)).toBe(`2=${big} 3=${big}`)
})
