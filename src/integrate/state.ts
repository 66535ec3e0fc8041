import { Strays, fork } from './strays.ts';
import { attempt, faultIn } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import type { TileFile } from '../core/merkle/logTree.ts';
import { verifyConsistency } from '../core/merkle/proof.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parseBatch } from '../core/objects/batch.ts';
import { NO_HEADS, headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName, checkpointName, parseBatchName } from '../core/objects/names.ts';
import { openBatch } from '../core/signed/batchSignature.ts';
import { Certificates } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { logAfter, fromTheFirst, readBatches } from '../ledger/batches.ts';
import type { LogStart } from '../ledger/batches.ts';
import { findEnd } from '../ledger/dense.ts';
import { openTree } from '../ledger/tiles.ts';
import { proveGrowth } from '../ledger/treeProof.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles, TileStore } from '../ports/store.ts';

/** ReadLogDeps is what the log is read with. */
export interface ReadLogDeps {
  readonly store: ObjectStore;
  readonly tiles: ReadableTiles;
  /** name of the ledger, and of its log */
  readonly origin: string;
  /** keys that the log signs with, or did */
  readonly verifiers: readonly VerifierKey[];
}

export interface LogDeps extends ReadLogDeps {
  readonly tiles: TileStore;
}

/** Newest is a checkpoint as it is stored, and the files that came with it. */
export interface Newest {
  readonly number: number;
  readonly note: Buffer;
  readonly files: readonly [TileFile, ...TileFile[]];
}

/** LogState is the log up to its last batch. Its tree grows with it. */
export interface LogState extends LogStart {
  readonly heads: LogPosition;
  /** the least number that is free: the next batch's */
  readonly next: number;
  /**
   * what covers the last batch: its checkpoint; 'wanted' while nothing has the checkpoint's name, 'taken' if something else
   * has; undefined before the first batch
   */
  readonly newest?: Newest | 'wanted' | 'taken';
  readonly known: KnownTrees;
}

/** KnownTrees is what tells an earlier checkpoint of the log from one of another tree. */
export interface KnownTrees {
  /** the newest tree whose checkpoint and tiles are published, if there is one */
  readonly published?: TreeHead;
  /** the roots of the log behind each batch since then, by size; they grow with it */
  readonly later: Map<number, Hash>;
}

/** firstTrust is who may begin the log: the keys that this host was given. */
export const firstTrust = ({ origin, verifiers }: Pick<ReadLogDeps, 'origin' | 'verifiers'>): Trust => ({
  ledger: origin,
  keys: verifiers.map(formatVerifierKey),
});

/**
 * loadLog finds how far the log is, and reads no more than its end: it goes back to the newest batch whose checkpoint the
 * log's keys signed over just its entries, and from there on takes each batch that goes on from the last one. The edge of
 * the tree comes from the tiles, which have to fit; if they don't, the tree is made from all batches. With `known`, it goes
 * on from there.
 *
 * Throws FORK_DETECTED where the log's own signature contradicts the batches, and VERSION_UNKNOWN where a later release
 * writes the log.
 */
export async function loadLog(deps: ReadLogDeps, log: Logger, known?: LogState): Promise<LogState> {
  const { store } = deps;
  const found = known === undefined ? await findBase(deps, log) : { base: known, free: 0 };
  let { heads, ...start }: { readonly heads: LogPosition } & LogStart = found.base ?? {
    heads: NO_HEADS,
    ...fromTheFirst(),
  };
  let newest = start.log.number < 0 ? undefined : (found.base?.newest ?? 'wanted');
  let trees = found.base?.known ?? { later: new Map<number, Hash>() };
  let next = Math.max(found.free, known?.next ?? 0);
  const strays = new Strays();
  // Where the base is the last one that has a name, there is nothing to read behind it.
  const isAtEnd = known === undefined && found.base?.log.number === next - 1;
  const readOn = async (): Promise<void> => {
    for await (const batch of readBatches(store, firstTrust(deps), start, 'writer')) {
      if ('entries' in batch) {
        start = { tree: start.tree, log: logAfter(batch, start.tree) };
        ({ heads } = batch);
        newest = 'wanted';
        trees.later.set(start.tree.head.size, start.tree.head.rootHash);
        strays.reach(start.tree.head);
      } else {
        const checkpoint = await openSigned(deps, batch.number);
        if (typeof checkpoint === 'object') strays.add(batch.number, checkpoint, start.tree.head);
        log.error('foreign object in the place of a batch', { object: batchName(batch.number), why: batch.why });
      }
      if (batch.number === next) next += 1;
    }
  };
  if (!isAtEnd) await readOn();
  // A second time, for a checkpoint whose batch came after the first listing.
  if (strays.areLeft) await readOn();
  strays.finish(start.tree.head);
  if (newest === 'wanted') {
    const note = await readCheckpoint(deps, start.log.number, start.tree.head, trees);
    newest = typeof note === 'string' ? note : { number: start.log.number, note, files: start.tree.takeFiles() };
    if (typeof newest === 'object') trees = publishedTree(start.tree.head);
  }
  return { ...start, heads, next, ...(newest && { newest }), known: trees };
}

/** findBase finds the newest batch that a checkpoint of the log's keys covers, and where names of batches are free. */
async function findBase(deps: ReadLogDeps, log: Logger): Promise<{ readonly base?: LogState; readonly free: number }> {
  const { store } = deps;
  const numbers = async function* (from: number): AsyncGenerator<number> {
    for await (const { name } of store.list('batches/', batchName(from))) {
      const number = parseBatchName(name);
      if (number !== undefined) yield number;
    }
  };
  const { newest, free } = await findEnd({
    isTaken: (number) => store.exists(batchName(number)),
    list: numbers,
    open: (number) => openBase(deps, number),
  });
  const base = newest?.opened;
  if (base !== 'tiles lie') return { free, ...(base !== undefined && { base: { ...base, next: free } }) };
  log.error('tiles do not fit the log: rebuild them', { size: newest?.number ?? 0 });
  return { free };
}

/** openBase gives the log up to a batch, if that has a checkpoint over just its entries. */
async function openBase(deps: ReadLogDeps, number: number): Promise<LogState | 'tiles lie' | 'foreign' | undefined> {
  const { store, tiles } = deps;
  const bytes = await store.read(batchName(number));
  if (bytes === undefined) return undefined;
  const checkpoint = await openSigned(deps, number);
  // Whether one in the archive tier is a batch is asked where the log is followed from the last one before.
  if (typeof bytes !== 'object' || typeof checkpoint !== 'object') return 'foreign';
  // The log's own signature says more of these entries than a session's could: no key has to be known for that.
  const anybody = new Certificates(deps.origin, undefined);
  const batch = attempt(() => openBatch(bytes, batchName(number), anybody), 'malformed');
  const entries = batch && attempt(() => parseBatch(batch.lines), 'malformed');
  const heads = entries && attempt(() => headsOf(entries), 'malformed');
  if (batch === undefined || entries === undefined || heads === undefined) return 'foreign';
  if (batch.size + entries.length !== checkpoint.size) return 'foreign';
  const tree =
    batch.size === 0 ? fromTheFirst().tree : await openTree(tiles, { size: batch.size, rootHash: batch.root });
  if (tree === undefined) return 'tiles lie';
  tree.append(entries);
  if (!isSameTree(checkpoint, tree.head)) return 'foreign';
  const { note } = checkpoint;
  return {
    log: logAfter({ number, entries, heads }, tree),
    tree,
    heads,
    next: number + 1,
    newest: { number, note, files: tree.takeFiles() },
    known: publishedTree(tree.head),
  };
}

/** publishedTree is what is known of the log's trees once one is published. */
export const publishedTree = (published: TreeHead): KnownTrees => ({ published, later: new Map() });

/** SignedTree is a checkpoint that the log's keys signed, whatever it is of. */
type SignedTree = Checkpoint & { readonly note: Buffer };

/** openSigned gives the checkpoint of a number: 'foreign' if something else has its name, undefined if nothing has. */
async function openSigned(
  { store, origin, verifiers }: ReadLogDeps,
  number: number,
): Promise<SignedTree | 'foreign' | undefined> {
  const note = await store.read(checkpointName(number));
  if (note === undefined) return undefined;
  if (typeof note === 'string') return 'foreign';
  const opened = attempt(() => openCheckpoint(note, origin, verifiers), 'malformed', 'contradicted');
  return opened === undefined ? 'foreign' : { ...opened.checkpoint, note };
}

/**
 * readCheckpoint gives the checkpoint of the last batch, whose tree is `head`: 'wanted' if nothing has its name, 'taken' if
 * something else has. An earlier one of the log under that name is something else too. One of another tree throws FORK_DETECTED.
 */
export async function readCheckpoint(
  deps: ReadLogDeps,
  number: number,
  head: TreeHead,
  known: KnownTrees,
): Promise<Buffer | 'wanted' | 'taken'> {
  const name = checkpointName(number);
  const checkpoint = await openSigned(deps, number);
  if (checkpoint === undefined) return 'wanted';
  if (checkpoint === 'foreign') return 'taken';
  if (isSameTree(checkpoint, head)) return checkpoint.note;
  if (await isEarlier(deps, checkpoint, known)) return 'taken';
  throw fork(`${name}: the log's key signed it over another tree than the batches up to it`);
}

/** isEarlier tells whether the log begins with a tree. Tiles that lie prove nothing: then it is taken to. */
async function isEarlier(
  { tiles }: ReadLogDeps,
  earlier: TreeHead,
  { published, later }: KnownTrees,
): Promise<boolean> {
  if (later.get(earlier.size) === earlier.rootHash) return true;
  if (published === undefined || earlier.size > published.size) return false;
  if (earlier.size === published.size) return isSameTree(earlier, published);
  try {
    return verifyConsistency(earlier, published, await proveGrowth(tiles, earlier.size, published));
  } catch (error) {
    faultIn(error, 'malformed');
    return true;
  }
}
