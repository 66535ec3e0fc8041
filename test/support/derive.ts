import { OfLater } from './referenceSignature.ts';
import type { ReferenceStatement, ReferenceTrust } from './referenceSignature.ts';
import { readReferenceSegment } from './referenceLedger.ts';
import type { ReferenceHeader, ReferenceSegment } from './referenceLedger.ts';
import { TRUST, ZEROS, nameOf } from './forge.ts';

export interface DerivedEvent {
  readonly incarnation: number;
  readonly number: number;
  /** what its records were made of */
  readonly originals: readonly string[];
}

export interface DerivedChain {
  readonly headers: readonly ReferenceHeader[];
  readonly events: readonly DerivedEvent[];
  /** indices whose names something else has taken */
  readonly foreign: readonly number[];
  /** those of them that are segments that were signed for their names: there must be none */
  readonly passedOver: readonly number[];
  readonly root: string;
}

/** ChainEnd is where a chain goes on, as far as it was followed. */
export interface ChainEnd {
  readonly index: number;
  readonly root: string;
  readonly sealed: string;
}

export const NO_END: ChainEnd = { index: -1, root: ZEROS, sealed: '' };

/**
 * deriveChain re-derives a partition's chain from the stored bytes and a key alone, by the rules of docs/format.md. It throws
 * where a chain that continues breaks a rule. What a later release signed ends it.
 */
export function deriveChain(
  objects: ReadonlyMap<string, Buffer>,
  partition = '0',
  trust: ReferenceTrust = TRUST,
): DerivedChain {
  const segments: ReferenceSegment[] = [];
  const [foreign, passedOver]: [number[], number[]] = [[], []];
  let end = NO_END;
  for (const index of indicesOf(objects, partition)) {
    const segment = segmentAt(objects, partition, index, trust);
    if (segment === 'of a later release') break;
    if (segment === undefined || !continues(segment, end)) {
      foreign.push(index);
      if (segment !== undefined) passedOver.push(index);
      continue;
    }
    checkBehind(segments.at(-1), segment);
    segments.push(segment);
    end = { index, root: segment.root, sealed: segment.header.sealed };
  }
  if (segments.length + foreign.filter((index) => index < end.index).length !== end.index + 1)
    throw new Error(`there is a hole before segment ${end.index}`);
  return {
    headers: segments.map(({ header }) => header),
    events: segments.flatMap(eventsIn),
    foreign,
    passedOver,
    root: end.root,
  };
}

/** indicesOf gives the indices of a partition's names, in order. */
function indicesOf(objects: ReadonlyMap<string, Buffer>, partition: string): number[] {
  const numbers = [...objects.keys()].map((name) => Number(/\/(\d{12})\.jsonl\.zst$/.exec(name)?.[1] ?? NaN));
  const own = numbers.filter((index) => objects.has(nameOf(index, partition)));
  return [...new Set(own)].sort((a, b) => a - b);
}

/** segmentAt gives the segment under a name, undefined for what is none, and says so where a later release signed it. */
export function segmentAt(
  objects: ReadonlyMap<string, Buffer>,
  partition: string,
  index: number,
  trust: ReferenceTrust,
): ReferenceSegment | undefined | 'of a later release' {
  const name = nameOf(index, partition);
  let segment: ReferenceSegment;
  try {
    segment = readReferenceSegment(objects.get(name) as Buffer, name, trust);
  } catch (error) {
    return error instanceof OfLater ? 'of a later release' : undefined;
  }
  return segment.header.partition === partition && segment.header.index === index ? segment : undefined;
}

/** continues tells whether a segment is the next one of a chain. */
export const continues = ({ header }: ReferenceSegment, end: ChainEnd): boolean =>
  header.previous === end.index && header.prev === end.root && header.sealed >= end.sealed;

const eventsIn = ({ header, records }: ReferenceSegment): DerivedEvent[] =>
  Array.from({ length: header.events.count }, (_, i) => {
    const number = header.events.first + i;
    const own = records.filter(({ seal }) => seal.event === number);
    return { incarnation: header.incarnation, number, originals: own.map(({ original }) => original.toString()) };
  });

const MAX_AHEAD_MS = 600_000;

/** Section 7 of docs/format.md, rule by rule. */
function checkBehind(before: ReferenceSegment | undefined, segment: ReferenceSegment): void {
  const { header, statement, latest } = segment;
  const { index, events, gaps, records, sealed } = header;
  const fail = (what: string): never => {
    throw new Error(`segment ${index}: ${what}`);
  };
  if (records.first !== (before?.statement.record ?? 0)) fail(`records begin at ${records.first}`);
  if (Date.parse(latest) - Date.parse(sealed) > MAX_AHEAD_MS) fail(`an event of ${latest} is sealed at ${sealed}`);
  const latestSoFar = [before?.statement.enqueued ?? '', latest].toSorted().at(-1);
  if ((statement.enqueued ?? '') !== latestSoFar) fail(`enqueued is ${statement.enqueued}, not ${latestSoFar}`);
  const hubFault = faultOfHub(before?.statement, segment);
  if (hubFault !== undefined) fail(hubFault);
  let next = firstNumber(before, segment);
  for (const gap of gaps) {
    if (gap.first !== next) fail(`a gap from ${gap.first}, not ${next}`);
    next = gap.last + 1;
  }
  if (events.count > 0 && events.first !== next) fail(`events from ${events.first}, not ${next}`);
  if (events.count === 0 && events.last !== next - 1) fail(`no events up to ${events.last}, not ${next - 1}`);
}

/** firstNumber is the number that a segment has to begin with, its gaps included. */
function firstNumber(before: ReferenceSegment | undefined, { header }: ReferenceSegment): number {
  const { hub, incarnation, events, gaps } = header;
  if (before === undefined) {
    const isDelivered = events.count > 0 && gaps.length === 0;
    return isDelivered && events.first < (hub?.first ?? 0) ? events.first : (hub?.first ?? 0);
  }
  return incarnation === before.header.incarnation ? before.header.events.last + 1 : 0;
}

/** faultOfHub is what the hub can't have said, or has to have said. */
function faultOfHub(
  before: ReferenceStatement | undefined,
  { header, statement }: ReferenceSegment,
): string | undefined {
  const { kind, incarnation, events, gaps, hub, sealed } = header;
  const isNext = before !== undefined && incarnation === before.incarnation + 1;
  if (!isNext && incarnation !== (before?.incarnation ?? 0)) return `incarnation ${incarnation}`;
  const isOfGone = gaps.length > 0 && gaps.every(({ reason }) => reason === 'recreated');
  const isByHub = kind === 'heartbeat' || (kind === 'repair' && (events.count > 0 || !isOfGone));
  if (hub === undefined && (before === undefined || isNext || isByHub)) return 'nothing of the hub';
  if (hub !== undefined && hub.asked > sealed) return `the hub was asked at ${hub.asked}, behind ${sealed}`;
  if (kind === 'heartbeat' && (isNext || gaps.length > 0)) return 'a heartbeat that begins something or declares gaps';
  if (kind === 'heartbeat' && (hub?.last ?? -1) > events.last) return `a heartbeat of a hub with event ${hub?.last}`;
  if (kind === 'repair' && events.count === 0 && gaps.length === 0 && !isNext) return 'a repair of nothing';
  if (before === undefined) return undefined;
  const isSame = statement.created === before.created;
  // Who sealed what is before said more than the hub had.
  const isContradicted = isNext && (hub?.last ?? Infinity) < before.event;
  return isSame === isNext && !isContradicted ? `the hub was created at ${statement.created}` : undefined;
}
