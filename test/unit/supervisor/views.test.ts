import { expect, test } from 'vitest'
import type { GossipReport, PeerReport, PeerRole } from '../../../src/admin/types.ts'
import { elsewhereOf, hasQuorum, leaderOf, type PeerView } from '../../../src/supervisor/views.ts'

/** Of a peer whose ID is its name, unless it took that of another one. */
const gossip = (
  name: string,
  role: PeerRole,
  term: number,
  ageMs = 100,
  id = name,
): GossipReport => ({
  ...{ id, name, role, term, ageMs, commit: 9, applied: 9 },
})

/** A peer of this machine whose ID is its name. */
function view(
  name: string,
  role: PeerRole,
  { term = 3, voters = ['a', 'b', 'c'], heard = [] as GossipReport[] } = {},
): PeerView {
  const report = { id: name, name, term, voters, gossip: heard } as Partial<PeerReport>
  return { name, pid: 1, role, report: role === 'down' ? undefined : (report as PeerReport) }
}

const far = ['a', 'b', 'c', 'far']

test.each<[string, PeerView[], string | undefined, boolean]>([
  ['nobody answers', [view('a', 'down'), view('b', 'down'), view('c', 'down')], undefined, false],
  ['all follow', [view('a', 'leader'), view('b', 'follower'), view('c', 'follower')], 'a', true],
  ['one is dead', [view('a', 'leader'), view('b', 'follower'), view('c', 'down')], 'a', true],
  ['two are dead', [view('a', 'leader'), view('b', 'down'), view('c', 'down')], 'a', false],
  [
    'one follows another term',
    [view('a', 'leader'), view('b', 'follower', { term: 2 }), view('c', 'down')],
    'a',
    false,
  ],
  [
    'the older of two leaders',
    [view('a', 'leader', { term: 2 }), view('b', 'leader'), view('c', 'follower')],
    'b',
    true,
  ],
  ['an external etcd', [view('a', 'leader', { voters: [] }), view('b', 'down')], 'a', true],
  [
    'a voter elsewhere makes the majority',
    [
      view('a', 'leader', { voters: far, heard: [gossip('far', 'follower', 3)] }),
      view('b', 'follower', { voters: far }),
      view('c', 'down'),
    ],
    'a',
    true,
  ],
  [
    'a voter elsewhere has fallen silent',
    [
      view('a', 'leader', { voters: far, heard: [gossip('far', 'follower', 3, 4_000)] }),
      view('b', 'follower', { voters: far }),
      view('c', 'down'),
    ],
    'a',
    false,
  ],
  [
    'one elsewhere of a name that was a voter has no vote after its removal',
    [
      view('a', 'leader', { voters: far, heard: [gossip('far', 'follower', 3, 100, 'removed')] }),
      view('b', 'follower', { voters: far }),
      view('c', 'down'),
    ],
    'a',
    false,
  ],
  [
    'the leader runs elsewhere',
    [
      view('a', 'follower', { voters: far, heard: [gossip('far', 'leader', 3)] }),
      view('b', 'follower', { voters: far }),
      view('c', 'down'),
    ],
    'far',
    true,
  ],
  [
    'workers and learners elsewhere have no vote',
    [
      view('a', 'leader', { heard: [gossip('w', 'worker', 3), gossip('l', 'learner', 3)] }),
      view('b', 'down'),
      view('c', 'down'),
    ],
    'a',
    false,
  ],
])('quorum: %s', (_, views, leader, quorum) => {
  expect(leaderOf(views)?.name).toBe(leader)
  expect(hasQuorum(views)).toBe(quorum)
})

test('of a peer elsewhere the freshest gossip counts, and own peers are no such', () => {
  const heard = [gossip('far', 'follower', 2, 900), gossip('b', 'follower', 3)]
  const views = [
    view('a', 'leader', { heard }),
    view('b', 'follower', { heard: [gossip('far', 'learner', 3, 50), gossip('a', 'leader', 3)] }),
  ]
  expect(elsewhereOf(views)).toEqual([gossip('far', 'learner', 3, 50)])
})
