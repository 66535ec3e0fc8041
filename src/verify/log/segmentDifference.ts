import type { Hash } from '../../core/hash.ts';
import { formatLine } from '../../core/objects/entry.ts';
import type { LogEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { segmentEntryOf } from '../../core/objects/judge.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import type { WalkedObject } from '../chain/walk.ts';

/** HashedObject is an object in the place of a segment, and the SHA-256 of its stored bytes; undefined if there are too many. */
export interface HashedObject extends Pick<WalkedObject, 'size' | 'summary'> {
  readonly stored: Hash | undefined;
}

/** differenceOf says how an object differs from its entry in the log, or gives undefined. */
export function differenceOf(
  { entry, line }: { readonly entry: SegmentEntry; readonly line: Buffer },
  { size, summary, stored }: HashedObject,
): { readonly code: FindingCode; readonly detail: string } | undefined {
  if (stored !== entry.sha256)
    return { code: 'segment-changed', detail: 'its stored bytes have another SHA-256 than its entry in the log' };
  if (size !== entry.size)
    return { code: 'entry-mismatch', detail: `its entry in the log states ${entry.size} bytes, and it has ${size}` };
  if (summary?.ok === undefined) return undefined; // a quick check knows no more of it
  if (!summary.ok)
    return { code: 'entry-mismatch', detail: `its entry in the log says that it is a segment; ${summary.why}` };
  return isPrinted(segmentEntryOf(summary, size), line)
    ? undefined
    : { code: 'entry-mismatch', detail: 'its entry in the log says something else of it than its own bytes' };
}

/** isPrinted tells whether a line that is an entry's is the one that is printed of an entry. */
export const isPrinted = (entry: LogEntry, line: Buffer): boolean => line.equals(Buffer.from(formatLine(entry)));
