import type { ChainHead } from './chain.ts';
import { formatHeader } from './header.ts';
import type { SegmentHeader } from './header.ts';
import { formatEnd } from './writer.ts';
import { compress } from './zstd.ts';
import { leafHash } from '../hash.ts';

/**
 * heartbeatOf makes a segment without events. It repeats the time of the last sealed event, so that the next writer needs
 * to read no further back to tell a redelivery from a re-created hub.
 */
export function heartbeatOf(
  head: ChainHead,
  partition: string,
  ledger: string,
  sealed: string,
): { header: SegmentHeader; stored: Buffer; root: ReturnType<typeof leafHash> } {
  const { index, root: prev, record, incarnation, lastEvent, lastEnqueued, skipped } = head;
  const header: SegmentHeader = {
    ledger,
    partition,
    index,
    kind: 'heartbeat',
    incarnation,
    sealed,
    prev,
    records: { first: record, count: 0 },
    events: {
      first: lastEvent,
      last: lastEvent,
      count: 0,
      ...(lastEnqueued !== '' && { enqueuedFirst: lastEnqueued, enqueuedLast: lastEnqueued }),
    },
    duplicates: 0,
    gaps: [],
    skipped,
  };
  const line = formatHeader(header);
  const root = leafHash(Buffer.from(line));
  return { header, root, stored: compress(Buffer.from(`${line}\n${formatEnd(0, root)}`)) };
}
