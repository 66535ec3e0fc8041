import { isAnswer } from './entryQuestion.ts';
import type { EntryQuestion } from './entryQuestion.ts';
import { attempt } from '../core/errors.ts';
import { TILE_WIDTH } from '../core/merkle/tile.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { readBundlePart } from '../ledger/bundleParts.ts';
import type { EntryInBundle } from '../ledger/bundleParts.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** How many parts of bundles are read at most. */
const MOST_PARTS = 12;
const LEAST_BYTES = 8 * 1024;
const MOST_BYTES = 256 * 1024;
/** What an entry takes where nothing is known of others: most have 400 to 600 bytes. */
const USUAL_ENTRY_BYTES = 512;

/** Edge is a leaf before or behind the entry, and how many segments or records of the partition there are before it. */
interface Edge {
  readonly leaf: number;
  readonly value: number;
}

/** Known is what is known of a batch's entries before any is read. */
interface Known {
  /** some of its entries */
  readonly end: readonly Buffer[];
  /** how many partitions take turns in it */
  readonly partitions: number;
}

/** EntrySearch looks for a segment's entry among those of one batch, by parts of entry bundles. */
export class EntrySearch {
  readonly #tiles: SearchableTiles;
  readonly #size: number;
  readonly #partition: string;
  readonly #question: EntryQuestion;
  /** of each bundle an entry whose place is known */
  readonly #places = new Map<number, EntryInBundle>();
  #entryBytes = USUAL_ENTRY_BYTES;

  /** `size` is how many entries the tree has. */
  constructor(tiles: SearchableTiles, size: number, partition: string, question: EntryQuestion) {
    this.#tiles = tiles;
    this.#size = size;
    this.#partition = partition;
    this.#question = question;
  }

  /** find gives the entry between two edges, undefined if a few tries don't find it. */
  async find(
    before: Edge,
    behind: Edge,
    { end, partitions }: Known,
  ): Promise<{ readonly entry: SegmentEntry; readonly line: Buffer; readonly leaf: number } | undefined> {
    let [low, high] = [before, behind];
    if (end.length > 0) this.#entryBytes = end.reduce((sum, line) => sum + line.length + 2, 0) / end.length;
    let length = clampTo(LEAST_BYTES, MOST_BYTES, 1.5 * partitions * this.#entryBytes);
    let leaf = this.#between(low, high);
    for (let tries = 0; tries < MOST_PARTS && high.leaf - low.leaf > 1; tries++) {
      const entries = await this.#around(leaf, length);
      const [lowest, highest] = [low.leaf, high.leaf];
      for (const { leaf, line } of entries) {
        if (leaf <= low.leaf || leaf >= high.leaf) continue;
        const entry = attempt(() => parseEntry(line), 'malformed');
        if (entry?.type !== 'segment' || entry.partition !== this.#partition) continue;
        if (isAnswer(this.#question, entry)) return { entry, line: Buffer.from(line), leaf };
        const [first, next] = this.#rangeOf(entry);
        if (next <= this.#wanted) low = { leaf, value: next };
        else high = { leaf, value: first };
      }
      const isNarrower = low.leaf > lowest || high.leaf < highest;
      leaf = this.#between(low, high);
      if (!isNarrower) length = Math.min(2 * length, MOST_BYTES);
    }
    return undefined;
  }

  get #wanted(): number {
    return 'index' in this.#question ? this.#question.index : this.#question.record;
  }

  #rangeOf({ index, records }: SegmentEntry): [first: number, next: number] {
    return 'index' in this.#question ? [index, index + 1] : [records.first, records.first + records.count];
  }

  /** between gives the leaf that the entry would have if all partitions took turns. */
  #between(low: Edge, high: Edge): number {
    const share = (this.#wanted + 0.5 - low.value) / (high.value - low.value);
    const room = high.leaf - low.leaf - 1;
    return low.leaf + 1 + clampTo(0, Math.max(room - 1, 0), Math.floor(share * room));
  }

  /** around gives the entries of a part of a bundle that is likely to have a leaf. */
  async #around(leaf: number, length: number): Promise<readonly EntryInBundle[]> {
    const index = Math.floor(leaf / TILE_WIDTH);
    const known = this.#places.get(index) ?? { leaf: index * TILE_WIDTH, offset: 0 };
    const expected = known.offset + (leaf + 0.5 - known.leaf) * this.#entryBytes;
    const offset = Math.max(0, Math.floor(expected - length / 2));
    const entries = await readBundlePart(this.#tiles, this.#size, index, { offset, length });
    // Behind the bundle's end: entries are shorter.
    if (entries === undefined) this.#entryBytes *= 0.7;
    const [first] = entries ?? [];
    const last = entries?.at(-1);
    if (first === undefined || last === undefined) return [];
    if (last.leaf > first.leaf) this.#entryBytes = (last.offset - first.offset) / (last.leaf - first.leaf);
    this.#places.set(index, first.leaf > leaf ? first : last);
    return entries ?? [];
  }
}

const clampTo = (least: number, most: number, value: number): number => Math.min(Math.max(value, least), most);
