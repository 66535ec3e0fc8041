import type { ChainHead } from './chain.ts';
import { formatHeader } from './header.ts';
import type { SegmentHeader } from './header.ts';
import { LineBuffer } from './seal.ts';
import { finishSegment, packHere } from './writer.ts';
import type { SealedSegment } from './writer.ts';

/** Room for the end line, and for the byte before the header. */
const END_BYTES = 256;

/** EventlessStart is what a segment without events says. */
export type EventlessStart = Pick<SegmentHeader, 'ledger' | 'partition' | 'kind' | 'sealed' | 'gaps' | 'hub'>;

/**
 * sealWithoutEvents makes a segment without events behind a head: a heartbeat, or a repair that declares gaps or begins an
 * incarnation, whose number the head then has already.
 */
export function sealWithoutEvents(
  { index, root: prev, record, incarnation, lastEvent, previous }: ChainHead,
  { ledger, partition, kind, sealed, gaps, hub }: EventlessStart,
): SealedSegment {
  const last = gaps.at(-1)?.last ?? lastEvent;
  const header: SegmentHeader = {
    ledger,
    partition,
    index,
    kind,
    incarnation,
    sealed,
    previous,
    prev,
    records: { first: record, count: 0 },
    events: { first: last, last, count: 0 },
    duplicates: 0,
    gaps,
    ...(hub !== undefined && { hub }),
  };
  const lines = new LineBuffer(Buffer.byteLength(formatHeader(header)) + 2, END_BYTES);
  return { ...finishSegment(header, lines, packHere), latest: '', taken: 0 };
}
