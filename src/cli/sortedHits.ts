import { unusable } from './usage.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import type { Hit } from '../find/hit.ts';

/** How much is sorted in memory. */
const MOST_SORTED_BYTES = 512 * 1024 * 1024;
/** What a hit takes beside its line: a record may be of two bytes. */
const HIT_BYTES = 1000;

/** sorted gives hits by the time that they say, or else the hub's. It throws where they are too many to sort here. */
export async function* sorted(hits: AsyncIterable<Hit>): AsyncGenerator<Hit> {
  const all: { readonly time: number; readonly hit: Hit }[] = [];
  let bytes = 0;
  for await (const hit of hits) {
    bytes += hit.line.length + HIT_BYTES;
    if (bytes > MOST_SORTED_BYTES)
      throw unusable('there is too much to sort here: narrow the question, or leave out --sort and sort the file');
    all.push({ time: parseEventTime(hit.values.time ?? '') ?? Date.parse(hit.enqueued), hit });
  }
  for (const { hit } of all.sort((a, b) => a.time - b.time)) yield hit;
}
