import type { ChainHead } from './chain.ts';
import { formatHeader } from './header.ts';
import type { SegmentHeader } from './header.ts';
import { LineBuffer } from './seal.ts';
import { finishSegment } from './writer.ts';
import type { SealedSegment } from './writer.ts';

/** Room for the end line, and for the byte before the header. */
const END_BYTES = 256;

/** sealHeartbeat makes a segment without events. */
export function sealHeartbeat(
  { index, root: prev, record, incarnation, lastEvent, previous }: ChainHead,
  { ledger, partition, sealed }: Pick<SegmentHeader, 'ledger' | 'partition' | 'sealed'>,
): SealedSegment {
  const header: SegmentHeader = {
    ledger,
    partition,
    index,
    kind: 'heartbeat',
    incarnation,
    sealed,
    previous,
    prev,
    records: { first: record, count: 0 },
    events: { first: lastEvent, last: lastEvent, count: 0 },
    duplicates: 0,
    gaps: [],
  };
  const lines = new LineBuffer(Buffer.byteLength(formatHeader(header)) + 2, END_BYTES);
  return { ...finishSegment(header, lines), latest: '', taken: 0 };
}
