import { Random } from '../support/random.ts';
import type { EventKind } from './simHub.ts';

/** FAULTS is everything that can go wrong in a schedule, and what docs/design.md says of it. */
export const FAULTS = {
  'host killed before an operation': 'a process ends before what it asked for has happened',
  'host killed during an operation': 'what it asked for happens, and it never hears of it',
  'host killed after an operation': 'it hears of it, and ends at its next step',
  'host frozen': 'a process stands still for an hour and goes on with what it knew',
  'clock of a host jumps': 'by up to four minutes, ahead or back',
  'second owner': 'up to four hosts hold one partition at once',
  'timer doubled': 'a timer runs on two hosts at once, or twice on one',
  'timer slow': 'a timer comes half an hour late',
  'store answer lost': 'what was asked for happened, and the answer is a fault',
  'store says its own write exists': 'the client repeats a create whose answer was lost',
  'store fails': 'a request fails and has had no effect',
  'store slow': 'a request waits for minutes: throttled, or on a bad connection',
  'store away': 'every request fails for minutes',
  'tiles fail': 'the tile container fails before or after a write',
  'key fails': 'the key vault gives no signature',
  'hub fails': 'the hub doesn’t answer',
  'hub away': 'the hub doesn’t answer for minutes',
  'hub slow': 'the hub answers after minutes',
  'reading ends early': 'the hub gives out nothing for as long as a receiver waits',
  'retention ends in a reading': 'events expire while they are read again',
  'retention ends': 'events expire, sealed or not',
  'broker clock goes back': 'enqueued times go back by up to ten minutes',
  'hub created again': 'the trigger keeps its old positions',
  'hub created again without positions': 'the trigger begins with the first event',
  'hub created again between two requests': 'of one process that asks and reads it',
  'partition added': 'the hub grows',
  'poison event': 'the trigger’s client can’t receive an event, and never gets past it',
  'unreadable event': 'the hub gives an event out to nobody',
  'delivery repeated': 'with other bounds than the first time',
  'delivery split': 'into single events',
  'deliveries overlap': 'two at one time in one process',
  'delivery delayed': 'by twenty minutes',
  'connection lost': 'the trigger begins again at its stored position',
  'position set ahead': 'somebody lets the trigger begin at the end',
  'trigger moves on': 'for half an hour no delivery that failed is tried again',
  'object planted': 'somebody with create rights takes a name',
} as const;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as [FaultKind, ...FaultKind[]];

/** Fault is one thing that goes wrong: from a time on, at the first fitting operation but `skip`. */
export interface Fault {
  readonly kind: FaultKind;
  /** milliseconds since the beginning */
  readonly at: number;
  readonly host: number;
  readonly skip: number;
  /** decides whatever else there is to decide of it */
  readonly dice: number;
}

export interface Production {
  readonly at: number;
  readonly partition: number;
  readonly kind: EventKind;
  readonly records: number;
}

/** Plan is a schedule before it runs: the same seed gives the same one. */
export interface Plan {
  readonly seed: number;
  readonly hosts: number;
  readonly partitions: number;
  readonly productions: readonly Production[];
  readonly faults: readonly Fault[];
  /** events of the first partition that have expired before anything runs */
  readonly expiredBefore: number;
  readonly maxSegmentBytes: number;
  /** events in one group of a reading */
  readonly groupSize: number;
  readonly fillMs: number;
}

/** So long faults happen and events come, in simulated milliseconds. */
const WINDOW_MS = 3_600_000;

/** Kinds of faults that meet in what is hard: a schedule has some of one of these, or of all. */
const THEMES: readonly [readonly [FaultKind, ...FaultKind[]], ...(readonly [FaultKind, ...FaultKind[]])[]] = [
  FAULT_KINDS,
  [
    'hub created again',
    'hub created again without positions',
    'hub created again between two requests',
    'delivery delayed',
    'position set ahead',
    'store away',
    'broker clock goes back',
    'unreadable event',
    'host frozen',
    'hub slow',
    'reading ends early',
  ],
  [
    'retention ends',
    'retention ends in a reading',
    'position set ahead',
    'trigger moves on',
    'store away',
    'hub away',
    'poison event',
    'unreadable event',
    'reading ends early',
    'timer slow',
    'delivery delayed',
  ],
  [
    'second owner',
    'deliveries overlap',
    'host frozen',
    'store says its own write exists',
    'store answer lost',
    'store slow',
    'timer doubled',
    'object planted',
    'connection lost',
    'delivery repeated',
    'position set ahead',
    'host killed before an operation',
    'host killed during an operation',
    'host killed after an operation',
  ],
];

const KINDS: readonly [EventKind, ...EventKind[]] = ['records', 'records', 'records', 'empty', 'text', 'amqp'];

/** planOf makes the plan of a seed. Each schedule has a few kinds of faults, more of some than of others. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const partitions = 1 + random.below(2);
  const hosts = 2 + random.below(3);
  const bursts = Array.from({ length: 2 + random.below(4) }, () => random.below(WINDOW_MS));
  const productions = Array.from({ length: 10 + random.below(31) }, () => ({
    at: (bursts[random.below(bursts.length)] as number) + random.below(60_000),
    partition: random.below(partitions),
    kind: random.pick(KINDS),
    records: 1 + random.below(2),
  }));
  const theme = random.pick(THEMES);
  const kinds = Array.from({ length: 1 + random.below(6) }, () => random.pick(theme));
  const around = (): number =>
    random.below(3) === 0 ? random.below(WINDOW_MS) : (bursts[random.below(bursts.length)] as number);
  const faults = Array.from({ length: random.below(12) }, () => ({
    kind: random.pick(kinds as [FaultKind]),
    at: around() + random.below(90_000),
    host: random.below(hosts),
    skip: random.below(random.pick([1, 4, 20])),
    dice: random.below(1_000_000),
  }));
  const byTime = (a: { at: number }, b: { at: number }): number => a.at - b.at;
  return {
    seed,
    hosts,
    partitions,
    productions: productions.toSorted(byTime),
    faults: faults.toSorted(byTime),
    expiredBefore: random.pick([0, 0, 0, 1, 5]),
    maxSegmentBytes: random.pick([40, 200, 2000]),
    groupSize: random.pick([1, 3, 100]),
    fillMs: random.pick([1000, 30_000, 600_000]),
  };
}
