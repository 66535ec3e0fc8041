import { parseHash, formatHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { isJsonObject, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import type { SegmentSummary } from '../segment/summary.ts';
import { compress, decompress } from '../segment/zstd.ts';
import { isPartition } from '../text.ts';
import { MIB } from '../units.ts';

/** Rehashed is when the segments were hashed that the last full check looked into: all in that check, or before it, in slices. */
export interface Rehashed {
  /** no segment was read before, and none after */
  readonly first: string;
  readonly last: string;
  /** how many slices there were, and how many segments that check took from them instead of reading these itself */
  readonly slices: number;
  readonly segments: number;
}

/** ReadSummary is what re-computing a segment gave. */
export type ReadSummary = SegmentSummary & { readonly ok: true };

/** RehashedSegment is a segment that was read, hashed and found to be what the log says, and the keys that were trusted then. */
export interface RehashedSegment {
  readonly partition: string;
  readonly index: number;
  /** of its stored bytes */
  readonly size: number;
  /** as formatVerifierKey prints them */
  readonly keys: readonly string[];
  readonly summary: ReadSummary;
}

/**
 * A line of more UTF-16 code units than this is left out: whoever joins reads such a segment himself. So a header full of gaps costs no
 * memory for all.
 */
const MAX_LINE_LENGTH = 65_536;
/** What the lines of one file may have together, in bytes: in UTF-8 a UTF-16 code unit takes three at most. */
const MAX_BYTES = 128 * MIB;
const MAX_LENGTH = Math.floor(MAX_BYTES / 3);
const LF = 0x0a;

/**
 * RehashedLines prints segments, one JSON object a line, compressed as one Zstandard frame. Behind a line with `keys` these are the keys of
 * the segments that follow.
 */
export class RehashedLines {
  readonly #lines: string[] = [];
  /** of all lines and their LF, in UTF-16 code units */
  #length = 0;
  #keys: string | undefined;

  /** add says whether a segment is taken. */
  add({ partition, index, size, keys, summary }: RehashedSegment): boolean {
    const trusted = JSON.stringify({ keys });
    const line = JSON.stringify({ partition, index, stored: size, ...toJson(summary) });
    const length = line.length + (trusted === this.#keys ? 0 : trusted.length) + 2;
    if (length > MAX_LINE_LENGTH || this.#length + length > MAX_LENGTH) return false;
    if (trusted !== this.#keys) this.#lines.push(trusted);
    this.#keys = trusted;
    this.#lines.push(line);
    this.#length += length;
    return true;
  }

  finish = (): Buffer => compress(Buffer.from(this.#lines.map((line) => `${line}\n`).join('')));
}

/** parseRehashed is the inverse of RehashedLines. It throws SEGMENT_MALFORMED for what doesn't decompress, and leaves out what is no such line. */
export function parseRehashed(stored: Buffer): RehashedSegment[] {
  const bytes = decompress(stored, MAX_BYTES);
  const segments: RehashedSegment[] = [];
  let keys: readonly string[] = [];
  for (let start = 0, end = bytes.indexOf(LF); end >= 0; start = end + 1, end = bytes.indexOf(LF, start)) {
    const line = parseJsonObject(bytes.toString('utf8', start, end));
    if (Array.isArray(line?.['keys'])) keys = line['keys'] as readonly string[];
    else if (line !== undefined) {
      const segment = segmentOf(line, keys);
      if (segment !== undefined) segments.push(segment);
    }
  }
  return segments;
}

/** The events without records say nothing that a chain or an entry is compared with. */
function toJson({
  sha256,
  root,
  header: { empty: _empty, prev, ...header },
  categories,
  ...summary
}: ReadSummary): JsonObject {
  return {
    ...summary,
    sha256: formatHash(sha256),
    root: formatHash(root),
    statement: { ...summary.statement, ...hashesOf(summary.statement, formatHash) },
    header: { ...header, prev: formatHash(prev) },
    ...(categories && { categories: [...categories] }),
  };
}

type Statement = ReadSummary['statement'];

/** hashesOf turns the hashes of a statement. */
const hashesOf = <T>(
  { frames, root, prev }: Readonly<Record<'frames' | 'root' | 'prev', unknown>>,
  turn: (hash: Hash) => T,
): Readonly<Record<'frames' | 'root' | 'prev', T>> => ({
  frames: turn(frames as Hash),
  root: turn(root as Hash),
  prev: turn(prev as Hash),
});

/** segmentOf trusts what an auditor's key signed, but for what would break a program that reads it. */
function segmentOf(line: JsonObject, keys: readonly string[]): RehashedSegment | undefined {
  const { partition, index, stored, header, statement, categories, ...rest } = line;
  const [sha256, root] = [parseHash(rest['sha256']), parseHash(rest['root'])];
  if (typeof partition !== 'string' || !isPartition(partition) || rest['ok'] !== true) return undefined;
  if (!isJsonObject(header) || !isJsonObject(statement) || sha256 === undefined || root === undefined) return undefined;
  const prev = parseHash(header['prev']);
  if (prev === undefined) return undefined;
  const signed = hashesOf(statement as unknown as Statement, (hash) => parseHash(hash) as Hash);
  const summary = {
    ...rest,
    sha256,
    root,
    statement: { ...statement, ...signed },
    header: { ...header, prev },
    ...(Array.isArray(categories) && { categories: new Map(categories as [string, number][]) }),
  } as unknown as ReadSummary;
  return { partition, index: index as number, size: stored as number, keys, summary };
}
