import type { Index, MemberId } from './types.ts'

/** Members of a majority of `voters`. */
export function majority(voters: readonly MemberId[]): number {
  return (voters.length >> 1) + 1
}

/** The highest index that a majority has reached; 0 without voters. */
export function quorumIndex(
  voters: readonly MemberId[],
  matchOf: (voter: MemberId) => Index,
): Index {
  const matches = voters.map(matchOf).sort((left, right) => right - left)
  return matches[majority(voters) - 1] ?? 0
}

/** How a vote stands. */
export function tally(
  voters: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): 'won' | 'lost' | 'open' {
  const needed = majority(voters)
  const granted = voters.filter(voter => votes.get(voter) === true).length
  const refused = voters.filter(voter => votes.get(voter) === false).length
  if (granted >= needed) return 'won'
  return refused > voters.length - needed ? 'lost' : 'open'
}
