import { createdOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';

type Gaps = NonNullable<Spec['gaps']>;

const EXPIRED: Gaps = [{ first: 1, last: 4, reason: 'expired' }];
const RECREATED: Gaps = [{ first: 1, last: 4, reason: 'recreated' }];
const declaring = (gaps: Gaps): Spec => ({ kind: 'repair', isEventless: true, gaps });

/** SOUND_CHAINS are chains of the whole of what a hub may say. */
export const SOUND_CHAINS: readonly [name: string, specs: readonly Spec[]][] = [
  ['that begins with a heartbeat of a hub that never had an event', [{ kind: 'heartbeat', events: [-1] }, {}]],
  ['that begins with a heartbeat of a hub that holds no event any more', [{ kind: 'heartbeat', events: [6] }, {}]],
  ['that begins with events read again', [{ kind: 'repair', events: [3, 4] }, {}]],
  [
    'that begins with events that were delivered before they expired',
    [{ events: [0, 1], hub: { first: 9, last: 8 } }, {}],
  ],
  ['that states the hub in a delivery', [{}, { hub: { last: 900 } }]],
  ['with a heartbeat of a hub that says less than before', [{}, { kind: 'heartbeat', hub: { last: -1 } }, {}]],
  ['whose hub was asked when it was sealed', [{ hub: { asked: timeOf(1_000_000) } }, {}]],
];

/** HubChain is a chain by its segments, and what is found: of each finding the code, and the index of the segment. */
export type HubChain = readonly [name: string, specs: readonly Spec[], found: readonly (readonly [string, number])[]];

/** HUB_CHAINS are chains that declare gaps, begin incarnations, or break one rule of docs/format.md about what a hub says. */
export const HUB_CHAINS: readonly HubChain[] = [
  ['a new incarnation', [{}, { incarnation: 1 }, { incarnation: 1 }], [['hub-recreated', 1]]],
  [
    'a new incarnation without events',
    [{}, { incarnation: 1, kind: 'repair', isEventless: true }, { incarnation: 1 }],
    [['hub-recreated', 1]],
  ],
  [
    'a new incarnation behind a chain without events',
    [{ kind: 'heartbeat' }, { incarnation: 1 }],
    [['hub-recreated', 1]],
  ],
  [
    'a new incarnation that begins with a gap',
    [{}, { incarnation: 1, kind: 'repair', gaps: [{ first: 0, last: 8, reason: 'expired' }] }],
    [
      ['hub-recreated', 1],
      ['sequence-gap', 1],
    ],
  ],
  [
    'a new incarnation that does not begin with event 0',
    [{}, { incarnation: 1, events: [3] }],
    [
      ['hub-recreated', 1],
      ['sequence-gap', 1],
    ],
  ],
  [
    'a new incarnation that begins with a heartbeat',
    [{}, { incarnation: 1, kind: 'heartbeat' }],
    [
      ['hub-recreated', 1],
      ['segment-malformed', 1],
    ],
  ],
  [
    'a new incarnation without what the hub said',
    [{}, { incarnation: 1, hub: null }],
    [
      ['hub-recreated', 1],
      ['segment-malformed', 1],
    ],
  ],
  [
    'a new incarnation of an older hub',
    [{}, { incarnation: 1, hub: { created: createdOf(-1) } }],
    [['hub-recreated', 1]],
  ],
  [
    'a new incarnation of the same hub, which never had what is sealed',
    [
      {},
      { hub: { last: 0 } },
      { incarnation: 1, hub: { created: createdOf(0) } },
      { incarnation: 1, hub: null, statement: { created: createdOf(0) } },
    ],
    [['hub-recreated', 2]],
  ],
  [
    'a new incarnation of the same hub, which has what is sealed',
    [{}, {}, { incarnation: 1, hub: { created: createdOf(0), last: 1 } }],
    [['sequence-overlap', 2]],
  ],
  [
    'a new incarnation of the same hub without its word',
    [{}, { incarnation: 1, hub: null, statement: { created: createdOf(0) } }],
    [['segment-malformed', 1]],
  ],
  ['an incarnation above 0 at the beginning', [{ incarnation: 1 }], [['sequence-overlap', 0]]],
  ['an incarnation too many', [{}, { incarnation: 2 }], [['sequence-overlap', 1]]],
  [
    'an incarnation that falls back',
    [{}, { incarnation: 1 }, { events: [1] }],
    [
      ['hub-recreated', 1],
      ['sequence-overlap', 2],
    ],
  ],
  ['another hub in the same incarnation', [{}, { hub: { created: createdOf(1) } }], [['segment-malformed', 1]]],
  [
    'another hub in the same incarnation, by what is signed alone',
    [{}, { statement: { created: createdOf(1) } }],
    [['segment-malformed', 1]],
  ],
  [
    'a header of another hub than is signed',
    [{}, { hub: {}, statement: { created: createdOf(1) } }],
    [['segment-malformed', 1]],
  ],
  ['a beginning without what the hub said', [{ hub: null }, {}], [['segment-malformed', 0]]],
  ['a beginning behind the first event of the hub', [{ events: [3], hub: { first: 0 } }, {}], [['sequence-gap', 0]]],
  [
    'a beginning with a gap before the first event of the hub',
    [{ kind: 'repair', hub: { first: 3 }, gaps: [{ first: 1, last: 2, reason: 'expired' }], events: [3] }, {}],
    [
      ['sequence-overlap', 0],
      ['sequence-gap', 0],
    ],
  ],
  [
    'a gap at the beginning',
    [{ kind: 'repair', gaps: [{ first: 3, last: 4, reason: 'unreadable' }] }, {}],
    [['sequence-gap', 0]],
  ],
  [
    'a heartbeat at the beginning behind an event that the hub holds',
    [{ kind: 'heartbeat', events: [4], hub: { first: 4 } }, {}],
    [['sequence-overlap', 0]],
  ],
  ['gaps alone', [{}, declaring(EXPIRED), {}], [['sequence-gap', 1]]],
  [
    'gaps alone that no hub can be asked about',
    [{}, { ...declaring(RECREATED), hub: null }, {}],
    [['sequence-gap', 1]],
  ],
  [
    'gaps alone, of which one can be asked about, without what the hub said',
    [{}, { ...declaring([...RECREATED, { first: 5, last: 5, reason: 'expired' }]), hub: null }],
    [
      ['sequence-gap', 1],
      ['sequence-gap', 1],
      ['segment-malformed', 1],
    ],
  ],
  [
    'events behind gaps that no hub can be asked about, without what the hub said',
    [{}, { kind: 'repair', gaps: RECREATED, hub: null }],
    [
      ['sequence-gap', 1],
      ['segment-malformed', 1],
    ],
  ],
  [
    'gaps alone that end before the last number that is covered',
    [{}, { ...declaring(EXPIRED), events: [5] }],
    [
      ['sequence-gap', 1],
      ['sequence-overlap', 1],
    ],
  ],
  ['a repair of nothing', [{}, { kind: 'repair', isEventless: true }], [['segment-malformed', 1]]],
  ['a repair of nothing at the beginning', [{ kind: 'repair', isEventless: true }], [['segment-malformed', 0]]],
  ['a delivery without events', [{}, { isEventless: true }], [['segment-malformed', 1]]],
  ['a repair without what the hub said', [{}, { kind: 'repair', hub: null }], [['segment-malformed', 1]]],
  ['a heartbeat without what the hub said', [{}, { kind: 'heartbeat', hub: null }], [['segment-malformed', 1]]],
  ['a heartbeat of a hub that has more', [{}, { kind: 'heartbeat', hub: { last: 1 } }], [['segment-malformed', 1]]],
  ['a heartbeat of another number', [{}, { kind: 'heartbeat', events: [7] }], [['sequence-overlap', 1]]],
  [
    'a heartbeat that declares gaps',
    [{}, { kind: 'heartbeat', gaps: EXPIRED }],
    [
      ['sequence-gap', 1],
      ['segment-malformed', 1],
    ],
  ],
  [
    'a hub that was asked after the segment was sealed',
    [{ hub: { asked: timeOf(1_000_001) } }],
    [['segment-malformed', 0]],
  ],
  ['a hub whose first event is behind the next one', [{ hub: { first: 9, last: 7 } }], [['segment-malformed', 0]]],
  [
    'a gap for a reason that does not exist',
    [{}, { gaps: [{ first: 1, last: 4, reason: 'unknown' }] }, {}],
    [['segment-malformed', 1]],
  ],
];
