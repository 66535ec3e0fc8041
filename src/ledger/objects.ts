import { AuditsealError } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import type { ObjectStore } from '../ports/store.ts';
import type { StoredObject } from '../core/objects/judge.ts';
import type { SummarizeSegment } from '../core/segment/summary.ts';

/** readObject reads and re-computes what stands under the name of a segment, or gives undefined if nothing does. */
export async function readObject(
  { store, summarize }: { readonly store: ObjectStore; readonly summarize: SummarizeSegment },
  partition: string,
  index: number,
): Promise<StoredObject | undefined> {
  const name = segmentName(partition, index);
  let stored: Buffer | undefined;
  try {
    stored = await store.read(name);
  } catch (error) {
    if (!(error instanceof AuditsealError) || error.code !== 'OBJECT_TOO_LARGE') throw error;
    for await (const { size } of store.list(name)) {
      return { partition, index, size, summary: { ok: false, versionUnknown: false, why: error.message } };
    }
    throw error;
  }
  if (stored === undefined) return undefined;
  const size = stored.length;
  return { partition, index, size, summary: await summarize(stored, true) };
}
