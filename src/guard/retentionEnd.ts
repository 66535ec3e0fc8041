import { segmentName } from '../core/objects/names.ts';
import { summarizeSegment } from '../core/segment/summary.ts';
import { isPartition } from '../core/text.ts';
import { firstFree } from '../ledger/dense.ts';
import type { ObjectStore } from '../ports/store.ts';

/** SealedSpan is when the first and the newest segments of a ledger were sealed, as their headers say. */
export interface SealedSpan {
  readonly first: string;
  readonly newest: string;
}

/** sealedSpan reads the first and the newest segment of each partition, and gives undefined if none can be read. */
export async function sealedSpan(store: ObjectStore): Promise<SealedSpan | undefined> {
  const times: string[] = [];
  for await (const { name, isFolder } of store.children('segments/')) {
    const partition = name.slice('segments/'.length, -1);
    if (!isFolder || !isPartition(partition)) continue;
    const count = await firstFree((index) => store.exists(segmentName(partition, index)));
    for (const index of new Set([0, count - 1])) {
      const sealed = index < 0 ? undefined : await sealedAt(store, segmentName(partition, index));
      if (sealed !== undefined) times.push(sealed);
    }
  }
  const [first, newest] = [times.toSorted()[0], times.toSorted().at(-1)];
  return first === undefined || newest === undefined ? undefined : { first, newest };
}

async function sealedAt(store: ObjectStore, name: string): Promise<string | undefined> {
  const bytes = await store.read(name);
  const summary = typeof bytes === 'object' ? summarizeSegment(bytes) : undefined;
  return summary?.ok === true ? summary.header.sealed : undefined;
}

const DAY_MS = 86_400_000;

/** deletableFrom gives the day on which what was sealed at a time (ISO 8601) can be deleted under a policy of so many days. */
export function deletableFrom(sealed: string, days: number): string {
  return new Date(Date.parse(sealed) + days * DAY_MS).toISOString().slice(0, 10);
}
