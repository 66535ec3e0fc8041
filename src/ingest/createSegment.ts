import { formatHash } from '../core/hash.ts';
import { segmentName } from '../core/objects/names.ts';
import type { SealedSegment } from '../core/segment/writer.ts';
import type { ObjectStore } from '../ports/store.ts';

/**
 * createSegment stores a segment under the name of its place, unless that is taken. The metadata repeats what its lines say,
 * for people who look at the blob; nothing reads it.
 */
export const createSegment = (
  store: ObjectStore,
  { header, root, stored }: SealedSegment,
): Promise<'created' | 'exists'> =>
  store.create(segmentName(header.partition, header.index), stored, {
    root: formatHash(root),
    prev: formatHash(header.prev),
    records: String(header.records.count),
  });
