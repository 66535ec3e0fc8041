import { parseSegmentName, segmentName } from '../core/objects/names.ts';
import { isPartition } from '../core/text.ts';
import type { ObjectStore } from '../ports/store.ts';

const SEGMENTS = 'segments/';

/** partitionsOf lists the partitions that have a folder of segments. Whoever may create a blob can make one more. */
export async function* partitionsOf(store: Pick<ObjectStore, 'children'>): AsyncGenerator<string> {
  for await (const { name, isFolder } of store.children(SEGMENTS)) {
    const partition = name.slice(SEGMENTS.length, -1);
    if (isFolder && isPartition(partition)) yield partition;
  }
}

/** indicesFrom lists the indices in a partition whose names are taken, from one on. */
export async function* indicesFrom(
  store: Pick<ObjectStore, 'list'>,
  partition: string,
  least: number,
): AsyncGenerator<number> {
  for await (const { name } of store.list(`${SEGMENTS}${partition}/`, segmentName(partition, least))) {
    const index = parseSegmentName(name)?.index;
    if (index !== undefined) yield index;
  }
}
