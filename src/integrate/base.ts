import { firstTrust, openSigned, publishedTree } from './state.ts';
import type { LogState, ReadLogDeps } from './state.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { NO_LOG, openNextBatch, parseBatch } from '../core/objects/batch.ts';
import type { Batch, LogSoFar } from '../core/objects/batch.ts';
import { headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName } from '../core/objects/names.ts';
import { openBatch } from '../core/signed/batchSignature.ts';
import type { BatchClaim } from '../core/signed/batchSignature.ts';
import { Certificates, MAX_CERTIFICATE_MS, certificatesFor } from '../core/signed/certificate.ts';
import { fromTheFirst, logAfter } from '../ledger/batches.ts';
import { openTree } from '../ledger/tiles.ts';
import { endsWith } from '../ledger/treeProof.ts';

/**
 * openBase gives the log up to a batch, if that is in the log: it has a checkpoint of the log's keys over just its entries, of
 * a tree that is at least the published one, and it goes on from the batch that it names as nothing else does. Whoever may create
 * objects can copy a batch's entries and its checkpoint under another number; who goes on from such a copy is followed by nobody.
 * Where the certificate of its session is over, the log is followed back to before that began: somebody may have stolen the session,
 * and made copies that go on from each other. `astray` is the numbers of which this was found; they are added to it.
 */
export async function openBase(
  deps: ReadLogDeps,
  number: number,
  published: TreeHead | undefined,
  astray: Set<number>,
): Promise<LogState | 'tiles lie' | 'foreign' | undefined> {
  const { store, tiles } = deps;
  if (astray.has(number)) return 'foreign';
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
  const batch = openNext(deps, bytes, number, before);
  if (batch === undefined) return 'foreign';
  const wrong = Date.parse(said.until) < deps.now() ? await followBack(deps, said, number, before, astray) : undefined;
  if (wrong !== undefined) return wrong;
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
  /** when the certificate of its session ends */
  readonly until: string;
  readonly entries: readonly Buffer[];
  readonly heads: LogPosition;
}

function openUntrusted({ origin }: ReadLogDeps, bytes: Buffer, number: number): Said | undefined {
  const anybody = new Certificates(origin, undefined);
  return attempt(() => {
    const { lines, certificate, ...claim } = openBatch(bytes, batchName(number), anybody);
    const entries = parseBatch(lines);
    return { ...claim, until: certificate.until, entries, heads: headsOf(entries) };
  }, 'malformed');
}

/** Predecessor is the log up to a batch, and that batch; it has none where nothing is before. */
interface Predecessor extends LogSoFar {
  readonly last?: BatchClaim & { readonly bytes: Buffer };
}

/** followBack follows the log back from `before` to a batch that the session of a base can't have signed. It says why it can't. */
async function followBack(
  deps: ReadLogDeps,
  { until }: Said,
  base: number,
  before: Predecessor,
  astray: Set<number>,
): Promise<'tiles lie' | 'foreign' | undefined> {
  const since = new Date(Date.parse(until) - MAX_CERTIFICATE_MS).toISOString();
  const followed = [base];
  for (let at = before; at.last !== undefined && at.time >= since;) {
    followed.push(at.number);
    const { number, last } = at;
    const next = await findPredecessor(deps, last, number);
    const isNext = typeof next === 'object' && openNext(deps, last.bytes, number, next) !== undefined;
    if (next === 'tiles lie') return next;
    if (typeof next !== 'object' || !isNext) {
      for (const it of followed) astray.add(it);
      return 'foreign';
    }
    at = next;
  }
  return undefined;
}

/** openNext gives the batch of bytes if it is the next one behind a log. */
const openNext = (deps: ReadLogDeps, bytes: Buffer, number: number, before: LogSoFar): Batch | undefined =>
  attempt(() => openNextBatch(bytes, number, before, firstTrust(deps)), 'malformed');

/**
 * findPredecessor gives the log before a batch: behind the one that it names, whose entries have to be the last ones of the tree
 * there, and from which no batch between the two goes on. If there is none, the batch is 'foreign'.
 */
async function findPredecessor(
  deps: ReadLogDeps,
  { previous, size, root }: BatchClaim,
  number: number,
): Promise<Predecessor | 'tiles lie' | 'foreign'> {
  const { store } = deps;
  if (previous >= number) return 'foreign';
  const before = previous < 0 ? NO_LOG : await openPredecessor(deps, previous, { size, rootHash: root });
  if (typeof before !== 'object') return before;
  for (let between = previous + 1; between < number; between++) {
    const bytes = await store.read(batchName(between));
    if (typeof bytes === 'object' && openNext(deps, bytes, between, before) !== undefined) return 'foreign';
  }
  return before;
}

async function openPredecessor(
  deps: ReadLogDeps,
  number: number,
  head: TreeHead,
): Promise<Predecessor | 'tiles lie' | 'foreign'> {
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
  const { time, keys, operators, documents } = said.heads;
  const certificates = certificatesFor({ ledger: origin, keys });
  const signed = attempt(() => openBatch(bytes as Buffer, batchName(number), certificates), 'malformed');
  if (signed === undefined || time < signed.certificate.from || time > signed.certificate.until) return 'foreign';
  const { previous, size, root } = said;
  return {
    number,
    head,
    time,
    keys,
    operators,
    actions: documents.action,
    last: { previous, size, root, bytes: bytes as Buffer },
  };
}
