import { isNewer } from './publish.ts';
import { Strays, fork, otherTree } from './strays.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { formatHash } from '../core/hash.ts';
import type { TileFile } from '../core/merkle/logTree.ts';
import { openCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import { NEWEST_CHECKPOINT, batchName, checkpointName, isIndexName, isTileName } from '../core/objects/names.ts';
import type { VerifiedCheckpoint } from '../core/objects/report.ts';
import { trustIn } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { logAfter, fromTheFirst, readBatches } from '../ledger/batches.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { storedCosignatures, withCosignatures } from '../ledger/cosignatures.ts';
import { readTile } from '../ledger/tiles.ts';
import { isSame } from '../ports/store.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface RebuildDeps {
  readonly store: ObjectStore;
  readonly tiles: TileStore;
  /** name of the log; without it, the one that its first checkpoint states */
  readonly origin?: string;
  /** keys that the log signs with, or did; without them no signature is checked */
  readonly verifiers: readonly VerifierKey[];
  readonly onProgress?: (progress: { readonly files: number; readonly batchBytes: number }) => void;
}

/** Rebuilt is what a rebuild did. */
export interface Rebuilt {
  checkpoints: number;
  /** what the log's tiles are: tiles, entry bundles, and the newest checkpoint */
  files: number;
  /** files that were missing, or were not what the entries of the log give */
  written: number;
  /** undefined if there is no log */
  newest?: Omit<VerifiedCheckpoint, 'time'>;
  /** names of what stands among the tiles and is none of this log, at most MAX_LISTED, and how many more there are */
  surplus: string[];
  surplusOmitted: number;
}

const MAX_LISTED = 1000;

/** How many batches' files are compared and written at one time. */
const CONCURRENCY = 8;

/**
 * rebuildTiles makes the tiles, the entry bundles and the newest checkpoint with its cosignatures again from the ledger
 * alone: the files that integration wrote, byte for byte. It checks each checkpoint on the way, and throws FORK_DETECTED before it writes
 * anything that no checkpoint was signed over. What is there and right is left alone, and what is of no such log is named
 * and left alone too: a store of tiles can't remove. It is safe to repeat, and to die at any line.
 */
export async function rebuildTiles(deps: RebuildDeps): Promise<Rebuilt> {
  const rebuild = new Rebuild(deps);
  await rebuild.go();
  // What is listed before the log's end is asked for again is older than that end, even if the log grows meanwhile.
  const others = await rebuild.listOthers();
  await rebuild.go();
  return rebuild.finish(others);
}

class Rebuild {
  readonly #deps: RebuildDeps;
  readonly #names = new TileNames();
  readonly #strays = new Strays();
  readonly #result: Rebuilt = { checkpoints: 0, files: 0, written: 0, surplus: [], surplusOmitted: 0 };
  #start = fromTheFirst();
  #origin: string | undefined;
  #note: Buffer | undefined;
  #batchBytes = 0;
  /** the first object under a batch's name that isn't in the log, and why */
  #firstVoid: string | undefined;

  constructor(deps: RebuildDeps) {
    this.#deps = deps;
    this.#origin = deps.origin;
  }

  /** go makes the files of all checkpoints from where it stopped on. */
  async go(): Promise<void> {
    for await (const files of mapInOrder(this.#files(), CONCURRENCY, this.#writeAll)) {
      this.#deps.onProgress?.({ files, batchBytes: this.#batchBytes });
    }
  }

  /** files gives the files that came with each checkpoint. Batches behind the newest checkpoint wait for theirs. */
  async *#files(): AsyncIterable<readonly TileFile[]> {
    const { store } = this.#deps;
    const { tree } = this.#start;
    let missing: string | undefined;
    for await (const batch of readBatches(store, this.#trust, this.#start)) {
      const name = checkpointName(batch.number);
      const checkpoint = await this.#open(batch.number);
      const isOfTree = checkpoint !== undefined && isSameTree(checkpoint, tree.head);
      if (!('entries' in batch)) {
        this.#firstVoid ??= `${batchName(batch.number)}: ${batch.why}`;
        if (checkpoint !== undefined) this.#strays.add(batch.number, checkpoint, tree.head);
        continue;
      }
      this.#start = { tree, log: logAfter(batch, tree) };
      for (const { length } of batch.entries) this.#batchBytes += length + 1;
      this.#strays.reach(tree.head);
      if (missing !== undefined) throw fork(`${missing} is missing, and the log goes on behind it`);
      if (checkpoint !== undefined && !isOfTree && checkpoint.size >= tree.head.size)
        throw otherTree(batch.number, checkpoint, tree.head);
      if (checkpoint === undefined && !(await store.exists(name))) missing = name;
      if (checkpoint === undefined || !isOfTree) continue; // something else has its name: a later one covers it
      this.#origin ??= checkpoint.origin;
      this.#result.checkpoints += 1;
      this.#result.newest = { number: batch.number, size: checkpoint.size, root: formatHash(checkpoint.rootHash) };
      this.#note = checkpoint.note;
      yield tree.takeFiles();
    }
  }

  get #trust(): Trust {
    const { verifiers } = this.#deps;
    return {
      ...(this.#origin !== undefined && { ledger: this.#origin }),
      ...trustIn(verifiers),
    };
  }

  /** open gives the checkpoint of the log that has a number; without keys, what states one. */
  async #open(number: number): Promise<(Checkpoint & { readonly note: Buffer }) | undefined> {
    const { store, verifiers } = this.#deps;
    const note = await store.read(checkpointName(number));
    if (typeof note !== 'object') return undefined;
    return attempt(
      () => {
        const stated = parseCheckpointNote(note);
        const origin = this.#origin ?? stated.origin;
        const checkpoint = verifiers.length > 0 ? openCheckpoint(note, origin, verifiers).checkpoint : stated;
        return checkpoint.origin === origin ? { ...checkpoint, note } : undefined;
      },
      'malformed',
      'contradicted',
    );
  }

  /** writeAll keeps the order of a checkpoint's files: publishLog takes the last one for a sign of all. */
  #writeAll = async (files: readonly TileFile[]): Promise<number> => {
    for (const file of files) await this.#write(file);
    return this.#result.files;
  };

  async #write({ name, bytes }: TileFile): Promise<void> {
    const { tiles } = this.#deps;
    this.#names.add(name);
    this.#result.files += 1;
    if (isSame(await readTile(tiles, name), bytes)) return;
    await tiles.write(name, bytes);
    this.#result.written += 1;
  }

  /** listOthers names what stands among the tiles, and was not made. */
  async listOthers(): Promise<string[]> {
    const others: string[] = [];
    for await (const { name } of this.#deps.tiles.list('')) {
      // Files of earlier states of the index are no strangers.
      if (name === NEWEST_CHECKPOINT || this.#names.has(name) || isIndexName(name)) continue;
      if (others.length < MAX_LISTED) others.push(name);
      else this.#result.surplusOmitted += 1;
    }
    return others;
  }

  /** finish publishes the newest checkpoint, behind all that it covers. */
  async finish(others: readonly string[]): Promise<Rebuilt> {
    const { store, tiles, verifiers } = this.#deps;
    const origin = this.#origin;
    const { newest } = this.#result;
    this.#strays.finish(this.#start.tree.head);
    if (this.#start.log.number < 0 && this.#firstVoid !== undefined)
      throw new AuditsealError('SIGNATURE_INVALID', `no batch is in the log: ${this.#firstVoid}`);
    if (this.#note !== undefined && newest !== undefined && origin !== undefined) {
      const published = await readTile(tiles, NEWEST_CHECKPOINT);
      // Of a log that is in use, a newer one may have come meanwhile.
      if (!isNewer({ origin, verifiers }, published, this.#note)) {
        const bytes = withCosignatures(this.#note, await storedCosignatures(store, newest.number));
        await this.#write({ name: NEWEST_CHECKPOINT, bytes });
      }
    }
    this.#result.surplus = others.filter((name) => !this.#names.has(name));
    return this.#result;
  }
}

/** How the name of a partial tile goes on behind that of the full one. */
const PARTIAL = '.p/';

/** TileNames is a set of names of tiles and entry bundles, in 32 bytes for each full name and all its partial ones. */
class TileNames {
  /** by full name, one bit for each width; bit 0 is the full one */
  readonly #widths = new Map<string, Uint8Array>();

  add(name: string): void {
    const [whole, width] = split(name);
    let widths = this.#widths.get(whole);
    if (widths === undefined) this.#widths.set(whole, (widths = new Uint8Array(32)));
    widths[width >> 3] = (widths[width >> 3] as number) | (1 << (width & 7));
  }

  has(name: string): boolean {
    if (!isTileName(name)) return false;
    const [whole, width] = split(name);
    return (((this.#widths.get(whole)?.[width >> 3] ?? 0) >> (width & 7)) & 1) === 1;
  }
}

function split(name: string): [whole: string, width: number] {
  const [whole = '', width = '0'] = name.split(PARTIAL);
  return [whole, Number(width)];
}
