import { ZERO_HASH } from '../src/core/hash.ts';
import type { Hash } from '../src/core/hash.ts';
import type { SealableEvent } from '../src/core/segment/seal.ts';
import { sealSegment } from '../src/core/segment/writer.ts';
import type { SealedSegment } from '../src/core/segment/writer.ts';
import { generateBodies } from './data.ts';

export const LEDGER = 'bench.example.com/ledger';
export const PARTITION = '0';
const SEED = 1;
const START = Date.UTC(2026, 10, 9, 6);
const MIB = 1024 * 1024;

/** SEGMENT_BYTES is the raw size of the segments that are measured, unless said otherwise: 1 MiB. */
export const SEGMENT_BYTES = MIB;

export type Events = readonly [SealableEvent, ...SealableEvent[]];

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

/** sealRuns seals one chain, a segment for each run, beginning at `index`. */
export function* sealRuns(runs: Iterable<Events>, index = 0, partition = PARTITION): Generator<SealedSegment> {
  let prev: Hash = ZERO_HASH;
  let firstRecord = 0;
  for (const run of runs) {
    const segment = sealSegment(
      {
        ledger: LEDGER,
        partition,
        index: index++,
        kind: 'ingest',
        incarnation: 0,
        sealed: run.at(-1)?.enqueued ?? '',
        prev,
        firstRecord,
        duplicates: 0,
        gaps: [],
      },
      run,
      Infinity,
    );
    yield segment;
    prev = segment.root;
    firstRecord += segment.header.records.count;
  }
}

/** Workload is the generated data, the same in every run: event bodies, and the segments they make. */
export class Workload {
  readonly events: readonly SealableEvent[];
  readonly runs: readonly Events[];
  readonly rawBytes: number;
  #segments: readonly SealedSegment[] | undefined;

  constructor(totalBytes: number) {
    this.events = toEvents([...generateBodies({ seed: SEED, totalBytes })]);
    this.runs = splitEvents(this.events, SEGMENT_BYTES);
    this.rawBytes = rawBytesOf(this.events);
  }

  /** segments are the runs as one chain. */
  get segments(): readonly SealedSegment[] {
    return (this.#segments ??= [...sealRuns(this.runs)]);
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
