import { attempt, faultIn } from '../core/errors.ts';
import type { SegmentRow } from '../core/index/segmentRow.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { TILE_WIDTH } from '../core/merkle/tile.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { readEntriesOfBundle } from '../ledger/logEntries.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** EntryReader reads single entries of a log by its tiles, and keeps the bundle that it read last. */
export class EntryReader {
  readonly #tiles: SearchableTiles;
  readonly #head: TreeHead;
  #bundle = -1;
  #lines: readonly Buffer[] = [];

  constructor(tiles: SearchableTiles, head: TreeHead) {
    this.#tiles = tiles;
    this.#head = head;
  }

  /** line gives the bytes of an entry that is below the tree's size, proved to be the tree's. It throws TILE_MALFORMED. */
  async line(entry: number): Promise<Buffer> {
    const bundle = Math.floor(entry / TILE_WIDTH);
    if (bundle !== this.#bundle)
      [this.#lines, this.#bundle] = [await readEntriesOfBundle(this.#tiles, this.#head, bundle), bundle];
    return this.#lines[entry % TILE_WIDTH] as Buffer;
  }

  /** segmentOf gives the entry of the segment that a row of the index is of, or in words why there is none. */
  async segmentOf({ entry: number, partition, index }: SegmentRow): Promise<SegmentEntry | string> {
    const isNone = `the index says that entry ${number} is its, and it isn't`;
    if (number >= this.#head.size) return isNone;
    try {
      const line = await this.line(number);
      const entry = attempt(() => parseEntry(line), 'malformed');
      const isIt = entry?.type === 'segment' && entry.partition === partition && entry.index === index;
      return isIt ? entry : isNone;
    } catch (error) {
      return faultIn(error, 'malformed').message;
    }
  }
}
