import { parseEntry } from './entry.ts';
import { headsOf } from './heads.ts';
import type { LogPosition } from './heads.ts';
import { formatOperators, operatorsAfter } from './operators.ts';
import type { Operator } from './operators.ts';
import { batchName } from './names.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { MAX_ENTRY_BYTES } from '../merkle/tile.ts';
import { EMPTY_ROOT, isSameTree } from '../merkle/tree.ts';
import type { TreeHead } from '../merkle/tree.ts';
import { parseVerifierKey } from '../note/verifierKey.ts';
import { openBatch } from '../signed/batchSignature.ts';
import type { BatchClaim } from '../signed/batchSignature.ts';
import { certificatesFor } from '../signed/certificate.ts';
import type { Trust } from '../signed/certificate.ts';
import { openKeyNotice } from '../signed/keyNotice.ts';
import { openOperatorNotice } from '../signed/operatorNotice.ts';

/** MAX_BATCH_OBJECTS is how many objects a writer puts into one batch. */
export const MAX_BATCH_OBJECTS = 1000;
/** MAX_BATCH_LINES bounds the entries of a batch: those of MAX_BATCH_OBJECTS, and the heads of all partitions there can be. */
export const MAX_BATCH_LINES = 2000;
/** MAX_BATCH_BYTES bounds a batch, which both fill less than: 32 MiB. */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024;

const LF = 0x0a;

const malformed = (why: string): AuditsealError => new AuditsealError('BATCH_MALFORMED', why);

/** formatBatch prints the entries that one integration adds to the log: one on a line, each line ended by LF. */
export function formatBatch(lines: readonly Uint8Array[]): Buffer {
  const end = Buffer.of(LF);
  const batch = Buffer.concat(lines.flatMap((line) => [line, end]));
  if (parseBatch(batch).length !== lines.length) throw malformed('an entry holds a line break');
  return batch;
}

/**
 * parseBatch is the inverse of formatBatch, and throws BATCH_MALFORMED. It gives each entry's bytes, which are the data of
 * its leaf, as views of the batch, and looks no further into them.
 */
export function parseBatch(batch: Buffer): Buffer[] {
  if (batch.length > MAX_BATCH_BYTES)
    throw malformed(`the batch has more than the ${MAX_BATCH_BYTES} bytes that a batch may have`);
  if (batch.at(-1) !== LF) throw malformed('the batch is empty, or its last line is not ended by LF');
  const lines: Buffer[] = [];
  for (let start = 0; start < batch.length;) {
    if (lines.length === MAX_BATCH_LINES) throw malformed(`the batch has more than ${MAX_BATCH_LINES} lines`);
    const end = batch.indexOf(LF, start);
    if (end === start) throw malformed(`line ${lines.length} is empty`);
    if (end - start > MAX_ENTRY_BYTES) throw malformed(`line ${lines.length} is longer than ${MAX_ENTRY_BYTES} bytes`);
    lines.push(batch.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** LogSoFar is the log before a batch. With the batch's own bytes, it decides whether the batch is in the log. */
export interface LogSoFar {
  /** number of the last valid batch, -1 if there is none */
  readonly number: number;
  /** the tree over all entries up to it */
  readonly head: TreeHead;
  /** when it was made, '' if there is none */
  readonly time: string;
  /** keys of the log that its entries have announced, as formatVerifierKey prints them */
  readonly keys: readonly string[];
  /** operators' keys that its entries have registered */
  readonly operators: readonly Operator[];
  /** how many entries of actions it has */
  readonly actions: number;
}

/** NO_LOG is the log before its first batch. */
export const NO_LOG: LogSoFar = {
  number: -1,
  head: { size: 0, rootHash: EMPTY_ROOT },
  time: '',
  keys: [],
  operators: [],
  actions: 0,
};

/** Batch is the entries that one integration added to the log, and where they lead. */
export interface Batch {
  readonly number: number;
  readonly entries: readonly Buffer[];
  readonly heads: LogPosition;
}

/** goesOnFrom tells whether a batch says that it is the next one behind a log. */
export const goesOnFrom = ({ previous, size, root }: BatchClaim, { number, head }: LogSoFar): boolean =>
  previous === number && isSameTree({ size, rootHash: root }, head);

/**
 * openNextBatch gives the batch of that number, if it is in the log: signed by a certified session, as the next one behind
 * `before`, and at no earlier time. It throws FOREIGN_OBJECT or BATCH_MALFORMED for everything else: such a batch is void,
 * whatever else the ledger holds. VERSION_UNKNOWN is for one that a later release signed. `first` is who may begin a log: later
 * batches are certified by the keys that the log itself has announced. docs/format.md, section 9.1.
 */
export function openNextBatch(bytes: Buffer, number: number, before: LogSoFar, first: Trust): Batch {
  const { ledger } = first;
  const keys = before.number < 0 ? first.keys : before.keys;
  const certificates = certificatesFor({
    ...(ledger !== undefined && { ledger }),
    ...(keys !== undefined && { keys }),
  });
  const { certificate, lines, ...claim } = openBatch(bytes, batchName(number), certificates);
  if (!goesOnFrom(claim, before))
    throw malformed(
      `it goes on from batch ${claim.previous} and ${claim.size} entries, and the log has ${before.number} and ${before.head.size}`,
    );
  const entries = parseBatch(lines);
  const heads = headsOf(entries);
  checkKeys(entries, heads, before, keys);
  const { from, until } = certificate;
  if (heads.time < before.time) throw malformed(`it is dated ${heads.time}, and the batch before it ${before.time}`);
  if ((heads.index?.entries ?? 0) > before.head.size)
    throw malformed('its heads state an index of more entries than there are before it');
  if (heads.time < from || heads.time > until)
    throw malformed(`it is dated ${heads.time}, and its certificate is not for then`);
  return { number, entries, heads };
}

/**
 * checkKeys demands that a batch's heads have the keys of before, and what its entries say of keys by notes that a trusted
 * key signed.
 */
function checkKeys(
  entries: readonly Buffer[],
  heads: LogPosition,
  before: LogSoFar,
  trusted: readonly string[] | undefined,
): void {
  const verifiers = trusted?.map(parseVerifierKey);
  const announced = noticesIn(entries, 'key').map((note) => openKeyNotice(note, verifiers));
  const keys = [...before.keys, ...announced];
  if (new Set(keys).size !== keys.length) throw malformed('it announces a key that the log has');
  if (keys.join() !== heads.keys.join()) throw malformed('its heads have other keys than the log and its entries');
  const notices = noticesIn(entries, 'operator').map((note) => openOperatorNotice(note, verifiers));
  const operators = operatorsAfter(before.operators, notices, before.actions);
  if (printedOperators(operators) !== printedOperators(heads.operators))
    throw malformed("its heads have other operators' keys than the log and its entries");
}

const printedOperators = (operators: readonly Operator[]): string | undefined =>
  JSON.stringify(formatOperators(operators));

/** noticesIn gives the notes of a batch that say something of keys, whoever signed them, and throws BATCH_MALFORMED. */
export function noticesIn(entries: readonly Buffer[], type: 'key' | 'operator'): string[] {
  const start = `{"type":"${type}",`;
  return entries
    .filter((line) => line.toString('latin1', 0, start.length) === start)
    .map((line) => {
      const entry = attempt(() => parseEntry(line), 'malformed');
      if (entry?.type !== type) throw malformed('an entry that says something of a key is malformed');
      return entry.note;
    });
}
