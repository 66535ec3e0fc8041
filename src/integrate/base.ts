import { firstTrust, openSigned, publishedTree } from './state.ts';
import type { LogState, ReadLogDeps } from './state.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { NO_LOG, openNextBatch, parseBatch } from '../core/objects/batch.ts';
import type { LogSoFar } from '../core/objects/batch.ts';
import { headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName } from '../core/objects/names.ts';
import { openBatch } from '../core/signed/batchSignature.ts';
import type { BatchClaim } from '../core/signed/batchSignature.ts';
import { Certificates, certificatesFor } from '../core/signed/certificate.ts';
import { fromTheFirst, logAfter } from '../ledger/batches.ts';
import { openTree } from '../ledger/tiles.ts';
import { endsWith } from '../ledger/treeProof.ts';

/**
 * openBase gives the log up to a batch, if that is in the log: it has a checkpoint of the log's keys over just its entries, of
 * a tree that is at least the published one, and it goes on from the batch that it names as nothing else does. Whoever may create
 * objects can copy a batch's entries and its checkpoint under another number; who goes on from such a copy is followed by nobody.
 */
export async function openBase(
  deps: ReadLogDeps,
  number: number,
  published: TreeHead | undefined,
): Promise<LogState | 'tiles lie' | 'foreign' | undefined> {
  const { store, tiles } = deps;
  const bytes = await store.read(batchName(number));
  if (bytes === undefined) return undefined;
  const checkpoint = await openSigned(deps, number);
  // Whether one in the archive tier is a batch is asked where the log is followed from the last one before.
  if (typeof bytes !== 'object' || typeof checkpoint !== 'object') return 'foreign';
  if (published === undefined || checkpoint.size < published.size) return 'foreign';
  const said = openUntrusted(deps, bytes, number);
  if (said === undefined || said.size + said.entries.length !== checkpoint.size) return 'foreign';
  const { size, root: rootHash } = said;
  const tree = size === 0 ? fromTheFirst().tree : await openTree(tiles, { size, rootHash });
  if (tree === undefined) return 'tiles lie';
  tree.append(said.entries);
  if (!isSameTree(checkpoint, tree.head)) return 'foreign';
  const before = await findPredecessor(deps, said, number);
  if (typeof before !== 'object') return before;
  const batch = attempt(() => openNextBatch(bytes, number, before, firstTrust(deps)), 'malformed');
  if (batch === undefined) return 'foreign';
  const { note } = checkpoint;
  return {
    log: logAfter(batch, tree),
    tree,
    heads: batch.heads,
    next: number + 1,
    newest: { number, note, files: tree.takeFiles() },
    known: publishedTree(tree.head),
  };
}

/** Said is what a batch says, whoever signed it. */
interface Said extends BatchClaim {
  readonly entries: readonly Buffer[];
  readonly heads: LogPosition;
}

function openUntrusted({ origin }: ReadLogDeps, bytes: Buffer, number: number): Said | undefined {
  const anybody = new Certificates(origin, undefined);
  return attempt(() => {
    const { lines, previous, size, root } = openBatch(bytes, batchName(number), anybody);
    const entries = parseBatch(lines);
    return { previous, size, root, entries, heads: headsOf(entries) };
  }, 'malformed');
}

/**
 * findPredecessor gives the log before a batch: behind the one that it names, whose entries have to be the last ones of the tree
 * there, and from which no batch between the two goes on. If there is none, the batch is 'foreign'.
 */
async function findPredecessor(
  deps: ReadLogDeps,
  { previous, size, root }: BatchClaim,
  number: number,
): Promise<LogSoFar | 'tiles lie' | 'foreign'> {
  const { store } = deps;
  if (previous >= number) return 'foreign';
  const before = previous < 0 ? NO_LOG : await openPredecessor(deps, previous, { size, rootHash: root });
  if (typeof before !== 'object') return before;
  for (let between = previous + 1; between < number; between++) {
    const bytes = await store.read(batchName(between));
    const isNext = (it: Buffer): boolean =>
      attempt(() => openNextBatch(it, between, before, firstTrust(deps)), 'malformed') !== undefined;
    if (typeof bytes === 'object' && isNext(bytes)) return 'foreign';
  }
  return before;
}

async function openPredecessor(
  deps: ReadLogDeps,
  number: number,
  head: TreeHead,
): Promise<LogSoFar | 'tiles lie' | 'foreign'> {
  const { store, tiles, origin } = deps;
  const bytes = await store.read(batchName(number));
  const said = typeof bytes === 'object' ? openUntrusted(deps, bytes, number) : undefined;
  if (said === undefined || said.size + said.entries.length !== head.size) return 'foreign';
  try {
    if (!(await endsWith(tiles, head, said.entries))) return 'foreign';
  } catch (error) {
    faultIn(error, 'malformed');
    return 'tiles lie';
  }
  // The heads are the log's own, so their keys are.
  const { time, keys } = said.heads;
  const certificates = certificatesFor({ ledger: origin, keys });
  const signed = attempt(() => openBatch(bytes as Buffer, batchName(number), certificates), 'malformed');
  if (signed === undefined || time < signed.certificate.from || time > signed.certificate.until) return 'foreign';
  return { number, head, time, keys };
}
