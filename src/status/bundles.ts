import { AuditsealError, attempt } from '../core/errors.ts';
import { TILE_WIDTH } from '../core/merkle/tile.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { headsOf, isHeadsLine } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { readEntriesOfBundle } from '../ledger/logEntries.ts';
import type { TileStore } from '../ports/store.ts';

/** How many bundles before the end of a batch an entry of it is looked for in. */
const MOST_BACK = 8;

/** A hash tile of level 1 or above. c2sp.org/tlog-tiles. */
const UPPER = /^tile\/[1-9]/;

/** segmentIn gives the segment that an entry is of, undefined for every other entry. */
export function segmentIn(line: Buffer): SegmentEntry | undefined {
  const entry = isHeadsLine(line) ? undefined : attempt(() => parseEntry(line), 'malformed');
  return entry?.type === 'segment' ? entry : undefined;
}

/** timeOfHeads gives when a batch was made (ms since 1970), by one of the entries that it ends with; undefined for every other entry. */
export function timeOfHeads(line: Buffer): number | undefined {
  const heads = isHeadsLine(line) ? attempt(() => headsOf([line]), 'malformed') : undefined;
  return heads && Date.parse(heads.time);
}

/** Bundles reads entry bundles of a tree, each proved to be the tree's. Its methods throw TILE_MALFORMED. */
export class Bundles {
  readonly count: number;
  readonly #tiles: Pick<TileStore, 'read'>;
  readonly #head: TreeHead;
  /** tiles above the lowest level, each of which proves many bundles */
  readonly #upper = new Map<string, ReturnType<TileStore['read']>>();
  readonly #heads = new Map<number, Promise<LogPosition | undefined>>();

  constructor(tiles: Pick<TileStore, 'read'>, head: TreeHead) {
    this.#tiles = { read: (name) => (UPPER.test(name) ? this.#readUpper(tiles, name) : tiles.read(name)) };
    this.#head = head;
    this.count = Math.ceil(head.size / TILE_WIDTH);
  }

  #readUpper(tiles: Pick<TileStore, 'read'>, name: string): ReturnType<TileStore['read']> {
    const known = this.#upper.get(name) ?? tiles.read(name);
    known.catch(() => this.#upper.delete(name)); // whoever asked is told, and the next one asks again
    this.#upper.set(name, known);
    return known;
  }

  /** read gives the entries of a bundle. */
  read(bundle: number): Promise<readonly Buffer[]> {
    return readEntriesOfBundle(this.#tiles, this.#head, bundle);
  }

  /** timeOf gives when the first batch was made that ends in a bundle or behind it (ms since 1970). */
  async timeOf(bundle: number): Promise<number> {
    const heads = await this.#firstHeads(bundle);
    if (heads !== undefined) return Date.parse(heads.time);
    throw new AuditsealError('TILE_MALFORMED', `in and behind the entry bundle ${bundle} no heads can be read`);
  }

  /** begins gives the first bundle in which, or behind which, no batch ends that was made before a time (ms since 1970). */
  begins(time: number): Promise<number> {
    return this.#bisect(async (bundle) => (await this.timeOf(bundle)) >= time);
  }

  /** find gives the entry of a segment, undefined if it has none. */
  async find({ partition, index }: SegmentPlace): Promise<SegmentEntry | undefined> {
    const end = await this.#bisect(async (bundle) => {
      const heads = await this.#firstHeads(bundle);
      return (heads?.positions.get(partition)?.next ?? 0) > index;
    });
    // It stands behind the heads of the batch before, and before those of its own; a bundle may have more than one batch.
    for (let bundle = Math.min(end, this.count - 1); bundle >= Math.max(0, end - MOST_BACK); bundle--)
      for (const line of await this.read(bundle)) {
        const entry = segmentIn(line);
        if (entry?.partition === partition && entry.index === index) return entry;
      }
    return undefined;
  }

  async #bisect(holds: (bundle: number) => Promise<boolean>): Promise<number> {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (await holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** firstHeads gives the heads of the first batch that ends in a bundle or behind it: the tree ends with some. */
  #firstHeads(bundle: number): Promise<LogPosition | undefined> {
    let heads = this.#heads.get(bundle);
    if (heads === undefined) this.#heads.set(bundle, (heads = this.#headsFrom(bundle)));
    return heads;
  }

  async #headsFrom(bundle: number): Promise<LogPosition | undefined> {
    const lines = await this.read(bundle);
    const first = lines.findIndex(isHeadsLine);
    if (first < 0) return bundle + 1 < this.count ? this.#firstHeads(bundle + 1) : undefined;
    const behind = lines.findIndex((line, at) => at > first && !isHeadsLine(line));
    const all = lines.slice(first, behind < 0 ? undefined : behind);
    const parsed = all.flatMap((line) => attempt(() => headsOf([line]), 'malformed') ?? []);
    const [heads] = parsed;
    return heads && { ...heads, positions: new Map(parsed.flatMap(({ positions }) => [...positions])) };
  }
}
