import { openBase } from './base.ts';
import { Strays, fork } from './strays.ts';
import { firstTrust, openSigned, publishedTree, readCheckpoint } from './state.ts';
import type { KnownTrees, LogState, ReadLogDeps } from './state.ts';
import { attempt } from '../core/errors.ts';
import { formatHash } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import { NO_HEADS } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { MAX_INDEX, NEWEST_CHECKPOINT, batchName, parseBatchName } from '../core/objects/names.ts';
import { fromTheFirst, logAfter, readBatches } from '../ledger/batches.ts';
import type { LogStart } from '../ledger/batches.ts';
import { findEnd } from '../ledger/dense.ts';
import { readTile } from '../ledger/tiles.ts';
import type { Logger } from '../ports/host.ts';

/**
 * loadLog finds how far the log is, and reads no more than its end: it goes back to the newest batch whose checkpoint the
 * log's keys signed over just its entries, and from there on takes each batch that goes on from the last one. The edge of
 * the tree comes from the tiles, which have to fit; if they don't, the tree is made from all batches. With `known`, it goes
 * on from there.
 *
 * Throws FORK_DETECTED where the log's own signature contradicts the batches or no number is left, and VERSION_UNKNOWN where a
 * later release writes the log.
 */
export async function loadLog(deps: ReadLogDeps, log: Logger, known?: LogState): Promise<LogState> {
  const { store } = deps;
  const found: FoundBase = known === undefined ? await findBase(deps, log) : { base: known, free: 0 };
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
  if (found.published !== undefined && found.base === undefined) checkReaches(found.published, start.tree.head, trees);
  if (next > MAX_INDEX) throw fork(`no number is left for a batch: ${batchName(MAX_INDEX)} is taken`);
  if (newest === 'wanted') {
    const note = await readCheckpoint(deps, start.log.number, start.tree.head, trees);
    newest = typeof note === 'string' ? note : { number: start.log.number, note, files: start.tree.takeFiles() };
    if (typeof newest === 'object') trees = publishedTree(start.tree.head);
  }
  return { ...start, heads, next, ...(newest && { newest }), known: trees };
}

/** FoundBase is what a log's end is read from. */
interface FoundBase {
  readonly base?: LogState;
  /** where names of batches are free */
  readonly free: number;
  /** the newest tree that is published */
  readonly published?: TreeHead;
}

/**
 * findBase finds the newest batch that a checkpoint of the log's keys covers, and where names of batches are free. There is none
 * if nothing is published: a batch is made only when the one before it is.
 */
async function findBase(deps: ReadLogDeps, log: Logger): Promise<FoundBase> {
  const { store } = deps;
  const numbers = async function* (from: number): AsyncGenerator<number> {
    for await (const { name } of store.list('batches/', batchName(from))) {
      const number = parseBatchName(name);
      if (number !== undefined) yield number;
    }
  };
  const published = await readPublished(deps);
  const astray = new Set<number>();
  const { newest, free } = await findEnd({
    isTaken: (number) => store.exists(batchName(number)),
    list: numbers,
    open: (number) => openBase(deps, number, published, astray),
  });
  const base = newest?.opened;
  const found = { free, ...(published !== undefined && { published }) };
  if (base !== 'tiles lie') return { ...found, ...(base !== undefined && { base: { ...base, next: free } }) };
  log.error('tiles do not fit the log: rebuild them', { size: newest?.number ?? 0 });
  return found;
}

/** readPublished gives the tree of the checkpoint among the tiles, undefined if there is none that the log's keys signed. */
async function readPublished({ tiles, origin, verifiers }: ReadLogDeps): Promise<TreeHead | undefined> {
  const note = await readTile(tiles, NEWEST_CHECKPOINT);
  return note && attempt(() => openCheckpoint(note, origin, verifiers).checkpoint, 'malformed', 'contradicted');
}

/** checkReaches throws FORK_DETECTED where a log that was read from the first batch on never had the tree that is published. */
function checkReaches(published: TreeHead, head: TreeHead, { later }: KnownTrees): void {
  if (later.get(published.size) === published.rootHash) return;
  const states = `states ${published.size} entries and the root ${formatHash(published.rootHash)}`;
  throw fork(
    `the published checkpoint ${states}, and the batches, which give ${head.size} entries, never had that tree`,
  );
}
