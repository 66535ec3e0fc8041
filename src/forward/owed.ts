import type { HandOver } from './handOver.ts';
import type { HeldUp } from './outbox.ts';
import { contradicted } from './position.ts';
import type { PlacedSegment } from './rows.ts';
import { readSegment } from './segmentRows.ts';
import { attempt } from '../core/errors.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { parseEntry } from '../core/objects/entry.ts';
import { readEntries } from '../ledger/logEntries.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface OwedDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly tiles: Pick<TileStore, 'read'>;
}

/** So many segments that could not be read are tried again in a run. */
const OWED_A_RUN = 50;

/** retryOwed tries segments again that could not be read: one in the archive tier, or that somebody took away, may be back. */
export async function retryOwed(
  { store, tiles }: OwedDeps,
  head: TreeHead,
  handOver: HandOver,
  isOver: () => boolean,
): Promise<HeldUp | undefined> {
  const tries = Math.min(OWED_A_RUN, handOver.reached.owed.length);
  for (let i = 0; i < tries && (i === 0 || !isOver()); i++) {
    const before = handOver.reached;
    const [leaf, ...rest] = before.owed as [number, ...number[]];
    const segment = await readSegment(store, await segmentAt(tiles, head, leaf));
    // What is owed first is what was begun with.
    const after = (record: number, isLast: boolean) =>
      isLast ? { ...before, owed: rest, owedRecord: 0 } : { ...before, owedRecord: record };
    const taken = await handOver.take(segment, before.owedRecord, after, isOver);
    if (taken === 'over') return undefined;
    if (taken === 'added') continue;
    if (!('unread' in taken)) return taken;
    handOver.reached = { ...before, owed: [...rest, leaf], owedRecord: 0 };
  }
  return undefined;
}

/** segmentAt gives the segment whose entry has a number. A number that was owed is one's. */
async function segmentAt(tiles: Pick<TileStore, 'read'>, head: TreeHead, leaf: number): Promise<PlacedSegment> {
  for await (const { lines } of readEntries(tiles, head, leaf, leaf + 1)) {
    const entry = attempt(() => parseEntry(lines[0] as Buffer), 'malformed');
    if (entry?.type === 'segment') return { entry, leaf };
  }
  throw contradicted(`owes entry ${leaf}, which is no segment's`);
}
