import { AuditsealError } from '../../core/errors.ts';
import type { TileFile } from '../../core/merkle/logTree.ts';
import { TILE_WIDTH, parseBundlePath, parseTilePath } from '../../core/merkle/tile.ts';
import { TLOG, isTileName } from '../../core/objects/names.ts';
import type { Finding } from '../../core/objects/report.ts';
import { Semaphore } from '../../ledger/concurrency.ts';
import type { ReadableTiles } from '../../ports/store.ts';

/** How many comparisons wait at most. */
const MAX_WAITING = 64;

/** TileCheck compares tiles and entry bundles with those computed from the batches. */
export class TileCheck {
  readonly #tiles: ReadableTiles;
  readonly #find: (finding: Finding) => void;
  readonly #onUnreadable: (name: string, why: string) => void;
  readonly #semaphore: Semaphore;
  readonly #waiting = new Set<Promise<void>>();
  /** the first missing file of each partial tile; it may be dropped once the full one is there */
  readonly #missing = new Map<string, { readonly name: string; readonly batch: number }>();
  compared = 0;

  constructor(
    tiles: ReadableTiles,
    concurrency: number,
    find: (finding: Finding) => void,
    onUnreadable: (name: string, why: string) => void,
  ) {
    this.#tiles = tiles;
    this.#semaphore = new Semaphore(concurrency);
    this.#find = find;
    this.#onUnreadable = onUnreadable;
  }

  #say(name: string, detail: string): void {
    this.#find({ code: 'tile-mismatch', severity: 'error', object: `${TLOG}${name}`, detail });
  }

  async add(batch: number, files: readonly TileFile[]): Promise<void> {
    for (const file of files) {
      const task = this.#semaphore.run(() => this.#compare(batch, file)).finally(() => this.#waiting.delete(task));
      task.catch(() => {}); // awaited below
      this.#waiting.add(task);
      if (this.#waiting.size >= MAX_WAITING) await Promise.race(this.#waiting);
    }
  }

  async #compare(batch: number, { name, bytes }: TileFile): Promise<void> {
    const [whole = '', width] = name.split('.p/');
    let stored: Buffer | undefined;
    try {
      stored = await this.#tiles.read(name);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code !== 'OBJECT_TOO_LARGE') return this.#onUnreadable(`${TLOG}${name}`, error.message);
      stored = Buffer.alloc(0);
    }
    if (stored === undefined) {
      const known = this.#missing.get(whole);
      if (known === undefined || width === undefined) this.#missing.set(whole, { name, batch });
      return;
    }
    this.compared += 1;
    if (!stored.equals(bytes)) this.#say(name, 'it is not what the entries of the log give');
  }

  /**
   * finish says what is missing of the batches before `end`, and names what no log has, behind a tree of `size` (Infinity
   * if that isn't known) that tiles were made of at these `sizes`; that takes a list of all the tiles there are.
   */
  async finish(
    end: number,
    size: number,
    {
      sizes,
      isLive,
      isListed,
    }: { readonly sizes: readonly number[]; readonly isLive: boolean; readonly isListed: boolean },
  ): Promise<void> {
    await Promise.all(this.#waiting);
    for (const [whole, { name, batch }] of this.#missing) {
      const isDropped = name !== whole && (await this.#tiles.read(whole)) !== undefined;
      if (batch < end && !isDropped) this.#say(name, 'it is missing');
    }
    if (!isListed) return;
    const rising = Float64Array.from(sizes).sort();
    for await (const { name } of this.#tiles.list('')) {
      const leaves = leavesOf(name);
      if (!isTileName(name)) this.#say(name, 'a log has no tile of this name');
      else if (leaves === undefined) continue;
      else if (leaves.start > size) {
        // In a ledger that is in use, a tile may be newer than what was checked.
        if (!isLive) this.#say(name, `a log of ${size} entries has no such tile`);
      } else if (size < Infinity && leaves.end <= size && !hasBetween(rising, leaves)) {
        this.#say(name, 'no checkpoint of the log has a tile of this width');
      }
    }
  }
}

/** Leaves are the sizes of trees, from `start` to before `end`, in which a tile has its width. */
interface Leaves {
  readonly start: number;
  readonly end: number;
}

function leavesOf(name: string): Leaves | undefined {
  const bundle = parseBundlePath(name);
  const tile = parseTilePath(name) ?? (bundle && { level: 0, ...bundle });
  if (tile === undefined) return undefined;
  const { index, width, level } = tile;
  const hashes = index * TILE_WIDTH + width;
  // A full tile stays.
  const end = width === TILE_WIDTH ? Infinity : (hashes + 1) * TILE_WIDTH ** level;
  return { start: hashes * TILE_WIDTH ** level, end };
}

/** hasBetween bisects numbers that rise. */
function hasBetween(rising: Float64Array, { start, end }: Leaves): boolean {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) < start) low = middle + 1;
    else high = middle;
  }
  return (rising[low] ?? Infinity) < end;
}
