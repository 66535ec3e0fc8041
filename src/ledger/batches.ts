import { mapInOrder } from './concurrency.ts';
import { AuditsealError, attempt, faultIn } from '../core/errors.ts';
import { LogTree } from '../core/merkle/logTree.ts';
import { NO_LOG, goesOnFrom, openNextBatch, parseBatch } from '../core/objects/batch.ts';
import type { Batch, LogSoFar } from '../core/objects/batch.ts';
import { headsOf } from '../core/objects/heads.ts';
import { batchName, parseBatchName } from '../core/objects/names.ts';
import { claimInMetadata, openBatch } from '../core/signed/batchSignature.ts';
import { certificatesFor } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

/** How many batches are read ahead. */
const AHEAD = 8;

/** VoidBatch is what has a batch's name and is not in the log, and why. */
export interface VoidBatch {
  readonly number: number;
  readonly why: string;
}

/** judgeBatch gives the batch of bytes that were read under its name, or why it is void. It throws VERSION_UNKNOWN as openNextBatch does. */
function judgeBatch(bytes: Buffer | Unread, number: number, before: LogSoFar, first: Trust): Batch | VoidBatch {
  if (typeof bytes === 'string') return { number, why: WHY_UNREAD[bytes] };
  try {
    return openNextBatch(bytes, number, before, first);
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed');
    if (code === 'VERSION_UNKNOWN') throw error;
    return { number, why: message };
  }
}

/** SignedEntries is a batch that a session signed, whether it is in the log or not: for who has a proof of its entries. */
export interface SignedEntries extends Batch {
  /** entries of the log before it, as its last line says */
  readonly size: number;
}

/**
 * readSigned reads the batch of a number: 'foreign' is what no session of the ledger signed for that time, undefined nothing at
 * all. It throws STORE_UNAVAILABLE for a batch in the archive tier that its metadata show to be signed.
 */
export async function readSigned(
  store: Pick<ObjectStore, 'read' | 'metadata'>,
  number: number,
  trust: Trust,
): Promise<SignedEntries | 'foreign' | undefined> {
  const bytes = await store.read(batchName(number));
  if (bytes === undefined) return undefined;
  if (bytes === 'archived') await refuseArchived(store, number, trust);
  if (typeof bytes === 'string') return 'foreign';
  const signed = attempt(() => {
    const { lines, size, certificate } = openBatch(bytes, batchName(number), certificatesFor(trust));
    const entries = parseBatch(lines);
    const heads = headsOf(entries);
    const isThen = heads.time >= certificate.from && heads.time <= certificate.until;
    return isThen ? { number, entries, heads, size } : undefined;
  }, 'malformed');
  return signed ?? 'foreign';
}

/** logAfter is the log with a batch more, over whose entries `tree` is. */
export const logAfter = ({ number, heads }: Batch, { head }: Pick<LogTree, 'head'>): LogSoFar => ({
  number,
  head,
  time: heads.time,
  keys: heads.keys,
  operators: heads.operators,
  actions: heads.documents.action,
});

/** LogStart is where a reading of the log begins: the log up to there, and the tree over its entries. */
export interface LogStart {
  readonly log: LogSoFar;
  readonly tree: LogTree;
}

/** fromTheFirst begins with the first batch, and an empty tree. */
export const fromTheFirst = (): LogStart => ({ log: NO_LOG, tree: new LogTree() });

/** ReadingFor says for whom the log is read: a writer takes no batch that stands behind a free name. */
export type ReadingFor = 'reader' | 'writer';

/**
 * readBatches reads the log in order, a few batches ahead: those that are in it, and what is void. `start.tree` grows with
 * it, before each batch is given. It throws STORE_UNAVAILABLE for a batch in the archive tier that its metadata show to be
 * signed: what stands behind it can't be told without it.
 *
 * Behind a free name no honest writer makes a batch. Who has stolen a session may; it is void again as soon as the name is
 * taken by a batch that goes on from the same one, so for a writer it is void from the first.
 */
export async function* readBatches(
  store: Pick<ObjectStore, 'list' | 'read' | 'metadata'>,
  first: Trust,
  { log, tree }: LogStart = fromTheFirst(),
  reading: ReadingFor = 'reader',
): AsyncGenerator<Batch | VoidBatch> {
  const numbers = async function* (): AsyncGenerator<number> {
    for await (const { name } of store.list('batches/', batchName(log.number + 1))) {
      const number = parseBatchName(name);
      if (number !== undefined) yield number;
    }
  };
  let before = log;
  let free = log.number + 1;
  const read = mapInOrder(numbers(), AHEAD, async (number) => ({
    number,
    bytes: await store.read(batchName(number)),
  }));
  for await (const { number, bytes } of read) {
    if (bytes === undefined) continue;
    if (number === free) free += 1;
    else if (reading === 'writer') {
      yield { number, why: `the name ${batchName(free)} is free, and the next batch takes it` };
      continue;
    }
    if (bytes === 'archived') await refuseArchived(store, number, trustBehind(before, first), before);
    const batch = judgeBatch(bytes, number, before, first);
    if ('entries' in batch) {
      tree.append(batch.entries);
      before = logAfter(batch, tree);
    }
    yield batch;
  }
}

/**
 * refuseArchived throws STORE_UNAVAILABLE for a batch in the archive tier that a session signed, by its metadata; with `before`, for
 * one that may be the next: signed as going on from there, by a session that could still be at work then. Whatever else is there is
 * void as ever.
 */
async function refuseArchived(
  store: Pick<ObjectStore, 'metadata'>,
  number: number,
  trust: Trust,
  before?: LogSoFar,
): Promise<void> {
  const name = batchName(number);
  const claim = claimInMetadata((await store.metadata(name)) ?? {}, name, certificatesFor(trust));
  if (claim === undefined) return;
  if (before !== undefined && (!goesOnFrom(claim, before) || claim.certificate.until < before.time)) return;
  throw new AuditsealError('STORE_UNAVAILABLE', `${name} is a batch of the log, and ${WHY_UNREAD.archived}`);
}

/** trustBehind is whose batches may come next in a log: of its first one `first` decides, then the keys that it has announced. */
function trustBehind({ number, keys: announced }: LogSoFar, { ledger, keys: given }: Trust): Trust {
  const keys = number < 0 ? given : announced;
  return { ...(ledger !== undefined && { ledger }), ...(keys !== undefined && { keys }) };
}
