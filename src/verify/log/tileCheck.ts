import type { TileFile } from '../../core/merkle/logTree.ts';
import { TLOG } from '../../core/objects/names.ts';
import { Semaphore } from '../../ledger/concurrency.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import type { ReadableTiles } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';

/** How many comparisons wait at most. */
const MAX_WAITING = 64;
const PARTIAL = '.p/';

/**
 * TileCheck compares the tiles and entry bundles that a checkpoint implies with those computed from the batches: all full
 * ones, and the partial ones at the edge of its tree. Whatever else stands among them is nobody's proof, and is ignored.
 */
export class TileCheck {
  readonly #context: Context;
  readonly #tiles: ReadableTiles;
  readonly #semaphore: Semaphore;
  readonly #waiting = new Set<Promise<void>>();
  /** full files that are missing, with the batch that filled them */
  readonly #missing: { readonly name: string; readonly batch: number }[] = [];
  /** by the name of the full file, the partial ones of the published checkpoint, or of the newest while that isn't found */
  readonly #edge = new Map<string, { readonly file: TileFile; readonly batch: number }>();
  #published: number | undefined;
  compared = 0;

  constructor(context: Context, tiles: ReadableTiles) {
    this.#context = context;
    this.#tiles = tiles;
    // What is compared is in memory already, and what is stored has as many bytes.
    this.#semaphore = new Semaphore(Math.max(context.concurrency, Math.min(context.requests ?? 0, MAX_WAITING)));
  }

  /** add takes the files that a batch gives: those that are new or wider than before. */
  async add(batch: number, files: readonly TileFile[], isPublished: boolean): Promise<void> {
    for (const file of files) {
      const [full = '', width] = file.name.split(PARTIAL);
      if (this.#published === undefined && width === undefined) this.#edge.delete(full);
      if (this.#published === undefined && width !== undefined) this.#edge.set(full, { file, batch });
      if (width === undefined) await this.#compareLater(file, batch);
    }
    if (isPublished) this.#published = batch;
  }

  async #compareLater(file: TileFile, batch: number): Promise<void> {
    const compare = async (): Promise<void> => {
      if (!(await this.#compare(file))) this.#missing.push({ name: file.name, batch });
    };
    // One that failed stays, for whoever awaits them next.
    const task = this.#semaphore.run(compare).then(() => void this.#waiting.delete(task));
    task.catch(() => {});
    this.#waiting.add(task);
    if (this.#waiting.size >= MAX_WAITING) await Promise.race(this.#waiting);
  }

  /** compare says whether there is such a file; one that can't be read is noted elsewhere. */
  async #compare({ name, bytes }: TileFile): Promise<boolean> {
    const stored = await readFor(this.#context, this.#tiles, name, `${TLOG}${name}`);
    if (stored === undefined) return false;
    if (stored === 'unreadable') return true;
    this.compared += 1;
    if (typeof stored === 'string') this.#say(name, WHY_UNREAD[stored]);
    else if (!stored.equals(bytes)) this.#say(name, 'it is not what the entries of the log give');
    return true;
  }

  /** settle waits for what is being compared. */
  async settle(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  /** finish compares the edge, and says what is missing of the batches before `end`, and of the published one. */
  async finish(end: number): Promise<void> {
    await this.settle();
    const isDue = (batch: number): boolean => batch < end || batch <= (this.#published ?? -1);
    for (const { name, batch } of this.#missing) if (isDue(batch)) this.#say(name, 'it is missing');
    for (const [full, { file, batch }] of this.#edge) {
      if ((await this.#compare(file)) || !isDue(batch)) continue;
      // A partial tile may be dropped once the full one is there, which begins with it.
      const grown = await readFor(this.#context, this.#tiles, full, `${TLOG}${full}`);
      if (grown === undefined) this.#say(file.name, 'it is missing');
      else if (grown === 'unreadable') continue;
      else if (typeof grown === 'string') this.#say(full, WHY_UNREAD[grown]);
      else if (!grown.subarray(0, file.bytes.length).equals(file.bytes))
        this.#say(full, `it does not begin with ${file.name}, which is missing, as the entries of the log give it`);
    }
  }

  /** pause does so where the log goes on behind all that was added: whose edge that is nobody knows yet, but for the published one. */
  async pause(end: number): Promise<void> {
    if (this.#published === undefined) this.#edge.clear();
    await this.finish(end);
  }

  #say(name: string, detail: string): void {
    this.#context.findings.error('tile-mismatch', `${TLOG}${name}`, detail);
  }
}
