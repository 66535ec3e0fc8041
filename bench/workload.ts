import { generateBodies } from './data.ts';
import { LEDGER, SEGMENT_BYTES, sessionsOf } from './ledger.ts';
import { NO_CHAIN, sealedAt } from '../src/core/segment/chain.ts';
import type { ChainHead } from '../src/core/segment/chain.ts';
import type { SegmentHeader } from '../src/core/segment/header.ts';
import type { HubWord } from '../src/core/segment/hubWord.ts';
import type { SealableEvent } from '../src/core/segment/seal.ts';
import { sealSegment } from '../src/core/segment/writer.ts';
import type { SealedSegment } from '../src/core/segment/writer.ts';
import type { Session } from '../src/core/signed/session.ts';
import { createSegment } from '../src/ingest/createSegment.ts';
import type { ObjectStore } from '../src/ports/store.ts';

export const PARTITION = '0';
const SEED = 1;
const START = Date.UTC(2026, 10, 9, 6);

export type Events = readonly [SealableEvent, ...SealableEvent[]];

/** CREATED is when the hub was created. */
export const CREATED = new Date(START - 86_400_000).toISOString();

/** toEvents numbers bodies as a hub does, a millisecond apart. */
export const toEvents = (bodies: readonly Buffer[], first = 0): SealableEvent[] =>
  bodies.map((body, i) => ({
    body,
    sequenceNumber: first + i,
    enqueued: new Date(START + first + i).toISOString(),
  }));

/** rawBytesOf adds up the bodies' sizes. */
export const rawBytesOf = (events: readonly SealableEvent[]): number =>
  events.reduce((sum, { body }) => sum + body.length, 0);

/** splitEvents splits events into runs whose bodies have at most `maxBytes` together. */
export function splitEvents(events: readonly SealableEvent[], maxBytes: number): Events[] {
  const runs: [SealableEvent, ...SealableEvent[]][] = [];
  let bytes = Infinity;
  for (const event of events) {
    bytes += event.body.length;
    if (bytes > maxBytes) {
      runs.push([event]);
      bytes = event.body.length;
    } else runs.at(-1)?.push(event);
  }
  return runs;
}

/** StoredSegment is a segment as ingest signs and stores it. */
export interface StoredSegment extends SealedSegment {
  readonly name: string;
  readonly stored: Buffer;
}

/** sealRuns seals one chain as ingest does, a segment for each run, beginning at `index`. */
export async function* sealRuns(
  runs: Iterable<Events>,
  { index = 0, partition = PARTITION, sessions = sessionsOf('segments') } = {},
): AsyncGenerator<StoredSegment> {
  let head: ChainHead = { ...NO_CHAIN, index };
  for (const run of runs) {
    const sealed = sealedAt(head, Date.parse(run.at(-1)?.enqueued ?? ''));
    const segment = sealRun(run, head, { partition, sealed });
    const stored = await storeSegment(await sessions.at(sealed), head, segment);
    ({ head } = stored);
    yield { ...segment, ...stored };
  }
}

/** sealAll seals one chain, as sealRuns does. */
export async function sealAll(...chain: Parameters<typeof sealRuns>): Promise<StoredSegment[]> {
  const segments: StoredSegment[] = [];
  for await (const segment of sealRuns(...chain)) segments.push(segment);
  return segments;
}

/** sealRun makes one segment of all events of a run, not signed. */
export const sealRun = (
  run: Events,
  head: ChainHead,
  { partition, sealed }: Pick<SegmentHeader, 'partition' | 'sealed'>,
): SealedSegment =>
  sealSegment(
    {
      ledger: LEDGER,
      partition,
      index: head.index,
      kind: 'ingest',
      incarnation: 0,
      sealed,
      previous: head.previous,
      prev: head.root,
      firstRecord: head.record,
      duplicates: 0,
      gaps: [],
      ...(head.previous < 0 && { hub: wordOf(run, sealed) }),
    },
    run,
    Infinity,
  );

/** wordOf is what a hub says that has these events and no others. */
const wordOf = (run: Events, asked: string): HubWord => ({
  created: CREATED,
  asked,
  first: run[0].sequenceNumber,
  last: run[0].sequenceNumber + run.length - 1,
});

/** storeSegment signs a segment as ingest does, and gives what it would store. */
export async function storeSegment(
  session: Session,
  before: ChainHead,
  segment: SealedSegment,
): Promise<{ readonly name: string; readonly stored: Buffer; readonly head: ChainHead }> {
  let name = '';
  let stored: Buffer = Buffer.of();
  const create: ObjectStore['create'] = async (...created) => {
    [name, stored] = [created[0], created[1] as Buffer];
    return 'created';
  };
  const { head } = await createSegment({ create }, session, before, segment);
  return { name, stored, head: head as ChainHead };
}

/** Workload is the generated data, the same in every run: event bodies, and the segments they make. */
export class Workload {
  readonly events: readonly SealableEvent[];
  readonly runs: readonly Events[];
  readonly rawBytes: number;
  #segments: Promise<readonly StoredSegment[]> | undefined;

  constructor(totalBytes: number) {
    this.events = toEvents([...generateBodies({ seed: SEED, totalBytes })]);
    this.runs = splitEvents(this.events, SEGMENT_BYTES);
    this.rawBytes = rawBytesOf(this.events);
  }

  /** segments gives the runs as one chain. */
  segments(): Promise<readonly StoredSegment[]> {
    return (this.#segments ??= sealAll(this.runs));
  }

  /** firstRuns gives runs of at least `bytes` together, for what is too slow to be shown all. */
  firstRuns(bytes: number): { readonly runs: readonly Events[]; readonly bytes: number } {
    let sum = 0;
    let count = 0;
    for (const run of this.runs) {
      if (sum >= bytes) break;
      sum += rawBytesOf(run);
      count++;
    }
    return { runs: this.runs.slice(0, count), bytes: sum };
  }
}
