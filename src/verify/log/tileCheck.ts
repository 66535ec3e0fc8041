import type { TileFile } from '../../core/merkle/logTree.ts';
import { TLOG } from '../../core/objects/names.ts';
import { Semaphore } from '../../ledger/concurrency.ts';
import { TOO_LARGE } from '../../ports/store.ts';
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
  #edge: { readonly batch: number; readonly files: readonly TileFile[] } | undefined;
  #isEdgePublished = false;
  compared = 0;

  constructor(context: Context, tiles: ReadableTiles) {
    this.#context = context;
    this.#tiles = tiles;
    this.#semaphore = new Semaphore(context.concurrency);
  }

  /** add takes the files that a batch gives. The partial ones count if its checkpoint is the published one, or the last. */
  async add(batch: number, files: readonly TileFile[], isPublished: boolean): Promise<void> {
    if (!this.#isEdgePublished) this.#edge = { batch, files: files.filter(({ name }) => name.includes(PARTIAL)) };
    this.#isEdgePublished ||= isPublished;
    for (const file of files.filter(({ name }) => !name.includes(PARTIAL))) {
      const compare = async (): Promise<void> => {
        if (!(await this.#compare(file))) this.#missing.push({ name: file.name, batch });
      };
      const task = this.#semaphore.run(compare).finally(() => this.#waiting.delete(task));
      task.catch(() => {}); // awaited below
      this.#waiting.add(task);
      if (this.#waiting.size >= MAX_WAITING) await Promise.race(this.#waiting);
    }
  }

  /** compare says whether there is such a file; one that can't be read is noted elsewhere. */
  async #compare({ name, bytes }: TileFile): Promise<boolean> {
    const stored = await readFor(this.#context, this.#tiles, name, `${TLOG}${name}`);
    if (stored === undefined) return false;
    if (stored === 'unreadable') return true;
    this.compared += 1;
    if (stored === 'too-large') this.#say(name, TOO_LARGE);
    else if (!stored.equals(bytes)) this.#say(name, 'it is not what the entries of the log give');
    return true;
  }

  /** finish compares the edge, and says what is missing of the batches before `end`, and of the published one. */
  async finish(end: number): Promise<void> {
    await Promise.all(this.#waiting);
    const isDue = (batch: number): boolean =>
      batch < end || (this.#isEdgePublished && batch <= (this.#edge?.batch ?? -1));
    for (const { name, batch } of this.#missing) if (isDue(batch)) this.#say(name, 'it is missing');
    const { batch = 0, files = [] } = this.#edge ?? {};
    for (const file of files) {
      if ((await this.#compare(file)) || !isDue(batch)) continue;
      // A partial tile may be dropped once the full one is there.
      const [full = ''] = file.name.split(PARTIAL);
      if ((await readFor(this.#context, this.#tiles, full, `${TLOG}${full}`)) === undefined)
        this.#say(file.name, 'it is missing');
    }
  }

  #say(name: string, detail: string): void {
    this.#context.findings.error('tile-mismatch', `${TLOG}${name}`, detail);
  }
}
