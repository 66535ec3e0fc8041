import { AuditsealError } from '../errors.ts';
import { MAX_ENTRY_BYTES } from '../merkle/tile.ts';

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
