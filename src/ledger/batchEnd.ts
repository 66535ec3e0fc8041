import { attempt } from '../core/errors.ts';
import { isJsonObject, parseJsonObject } from '../core/jsonObject.ts';
import { MAX_BATCH_BYTES } from '../core/objects/batch.ts';
import { headsLinesOf, headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName } from '../core/objects/names.ts';
import { MAX_LAST_LINE_BYTES } from '../core/signed/batchSignature.ts';
import type { ObjectStore } from '../ports/store.ts';

/** The first is enough for a hub of a dozen partitions; heads of 300 have 54 kB. */
const LENGTHS = [4 * 1024, 32 * 1024, 256 * 1024, MAX_BATCH_BYTES + MAX_LAST_LINE_BYTES];
const LF = 0x0a;

/**
 * BatchEnd is what the end of a batch says. Its signature is over all lines of the batch, so whoever wrote it, nothing of it counts
 * before the tree of a checkpoint is proved to have it.
 */
export interface BatchEnd {
  /** how many entries of the log there are before the batch */
  readonly size: number;
  readonly heads: LogPosition;
  /** the entries of the heads */
  readonly headsLines: readonly Buffer[];
  /** some of the entries before them, up to the last one */
  readonly lines: readonly Buffer[];
}

/**
 * readBatchEnd reads no more of a batch than its end: 'foreign' for what ends otherwise than a batch or can't be read, undefined for
 * nothing at all.
 */
export async function readBatchEnd(
  store: Pick<ObjectStore, 'readEnd'>,
  number: number,
): Promise<BatchEnd | 'foreign' | undefined> {
  for (const length of LENGTHS) {
    const bytes = await store.readEnd(batchName(number), length);
    if (bytes === undefined) return undefined;
    if (typeof bytes === 'string') return 'foreign';
    const end = parseEnd(bytes, bytes.length < length);
    if (end !== 'cut off') return end;
  }
  return 'foreign';
}

function parseEnd(bytes: Buffer, isWhole: boolean): BatchEnd | 'foreign' | 'cut off' {
  if (bytes.at(-1) !== LF) return 'foreign';
  const lines: Buffer[] = [];
  // What stands before the first LF is the end of a line, unless these are all the bytes there are.
  for (let start = isWhole ? 0 : bytes.indexOf(LF) + 1; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  const last = lines.pop();
  if (last === undefined) return isWhole || bytes.length > MAX_LAST_LINE_BYTES ? 'foreign' : 'cut off';
  const size = last.length < MAX_LAST_LINE_BYTES ? sizeIn(last) : undefined;
  if (size === undefined) return 'foreign';
  const headsLines = headsLinesOf(lines);
  // Without an entry before them, there may be more heads.
  if (!isWhole && headsLines.length === lines.length) return 'cut off';
  const heads = attempt(() => headsOf(headsLines), 'malformed');
  return heads === undefined ? 'foreign' : { size, heads, headsLines, lines: lines.slice(0, -headsLines.length) };
}

/** sizeIn gives what the last line of a batch says of the log before. */
function sizeIn(line: Buffer): number | undefined {
  const claim = parseJsonObject(line.toString('utf8'))?.['batch'];
  const size = isJsonObject(claim) ? claim['size'] : undefined;
  return Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : undefined;
}
