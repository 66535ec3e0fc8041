import { ZERO_HASH } from '../../src/core/hash.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import type { SealedSegment, SegmentStart } from '../../src/core/segment/writer.ts';

export const TIME = '2026-11-22T12:34:56.789Z';

/** segmentStart gives what a header says before its events are known. */
export const segmentStart = (changes: Partial<SegmentStart> = {}): SegmentStart => ({
  ledger: 'logs.example.com/audit',
  partition: '0',
  index: 41,
  kind: 'ingest',
  incarnation: 0,
  sealed: TIME,
  previous: 40,
  prev: ZERO_HASH,
  duplicates: 0,
  gaps: [],
  firstRecord: 100,
  ...changes,
});

/** eventsOf gives each body a sequence number, from 7 on. */
export const eventsOf = (bodies: readonly (Buffer | string)[]): [SealableEvent, ...SealableEvent[]] =>
  bodies.map((body, i) => ({ body: Buffer.from(body), sequenceNumber: 7 + i, enqueued: TIME })) as [SealableEvent];

/** sealBodies seals bodies as consecutive events. */
export const sealBodies = (...bodies: (Buffer | string)[]): SealedSegment =>
  sealSegment(segmentStart(), eventsOf(bodies), 64 * 1024 * 1024);
