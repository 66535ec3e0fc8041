import type { SegmentInLog } from './entries.ts';
import { AuditsealError } from '../core/errors.ts';
import type { SegmentPart } from '../core/index/build.ts';
import { rowOf } from '../core/index/segmentRow.ts';
import type { IndexStoredSegment } from '../core/index/terms.ts';
import { segmentName } from '../core/objects/names.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** readIndexPart makes of a segment what the index has of it. It throws STORE_UNAVAILABLE where nobody reads it, and SEGMENT_MALFORMED. */
export async function readIndexPart(
  store: Pick<ObjectStore, 'read'>,
  { entry, leaf }: Pick<SegmentInLog, 'entry' | 'leaf'>,
  indexSegment: IndexStoredSegment,
): Promise<SegmentPart> {
  const name = segmentName(entry.partition, entry.index);
  const stored = await store.read(name);
  if (typeof stored !== 'object') {
    const why = stored === undefined ? 'it is gone' : WHY_UNREAD[stored];
    throw new AuditsealError('STORE_UNAVAILABLE', `${name}: ${why}`);
  }
  return { row: rowOf(leaf, entry), terms: await indexSegment(stored, { name, sha256: entry.sha256 }) };
}
