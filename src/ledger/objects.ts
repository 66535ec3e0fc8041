import type { StoredObject } from '../core/objects/judge.ts';
import { segmentName } from '../core/objects/names.ts';
import type { SegmentSummary, SummarizeSegment } from '../core/segment/summary.ts';
import { TOO_LARGE } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** TOO_LARGE_SEGMENT is what is known of an object in the place of a segment that nobody reads. */
export const TOO_LARGE_SEGMENT: SegmentSummary = { ok: false, versionUnknown: false, why: TOO_LARGE };

/** readObject reads and re-computes what stands under the name of a segment, or gives undefined if nothing does. */
export async function readObject(
  { store, summarize }: { readonly store: ObjectStore; readonly summarize: SummarizeSegment },
  partition: string,
  index: number,
): Promise<StoredObject | undefined> {
  const name = segmentName(partition, index);
  const stored = await store.read(name);
  if (stored === undefined) return undefined;
  if (stored !== 'too-large') return { partition, index, size: stored.length, summary: await summarize(stored, true) };
  for await (const object of store.list(name)) {
    if (object.name === name) return { partition, index, size: object.size, summary: TOO_LARGE_SEGMENT };
  }
  return undefined;
}
