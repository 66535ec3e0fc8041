/** Hashes and indexes in a thread of its own. Its messages are Asked and Answered of pool.ts. */
import { buildUnit } from '../core/index/build.ts';
import type { BuiltUnit, SegmentPart, UnitPart } from '../core/index/build.ts';
import type { IndexUnit } from '../core/index/manifest.ts';
import { indexStored, summarizeWithTerms } from '../core/index/terms.ts';
import type { SegmentInEntry } from '../core/signed/enteredSegment.ts';
import type { SegmentQuestion, SegmentSummary } from '../core/segment/summary.ts';
import { digestBytes } from '../ledger/digest.ts';
import type { Digest } from '../ledger/digest.ts';
import type { SummarizedFile } from '../ledger/objects.ts';
import { bufferOf } from './crossing.ts';
import { digestFile } from './fileDigest.ts';
import { movable } from './pool.ts';
import { summarizeFile } from './segmentFile.ts';
import { serve } from './serve.ts';

/** SegmentTask is a segment to re-compute. */
export interface SegmentTask {
  readonly segment: Uint8Array;
  readonly question: SegmentQuestion;
}

/** FileTask is a segment to re-compute, which the thread reads itself. */
export interface FileTask {
  readonly path: string;
  readonly question: SegmentQuestion;
}

/** IndexTask is a segment of which the terms are wanted. */
export interface IndexTask {
  readonly indexed: Uint8Array;
  readonly segment: SegmentInEntry;
}

/** UnitTask is a unit of the index to make. */
export interface UnitTask {
  readonly range: Pick<IndexUnit, 'from' | 'to'>;
  readonly parts: readonly (SegmentPart | UnitPart)[];
}

/** DigestTask is a group of files, or of objects' bytes, to hash. */
export type DigestTask = { readonly paths: readonly string[] } | { readonly stored: readonly Uint8Array[] };

/** Where a part has crossed, its buffer is a plain array of bytes. */
const arrivedPart = (part: SegmentPart | UnitPart): SegmentPart | UnitPart =>
  'terms' in part ? { ...part, terms: bufferOf(part.terms) } : { ...part, file: bufferOf(part.file) };

const movedTerms = (summary: SegmentSummary): ReturnType<typeof movable> =>
  summary.ok && summary.terms !== undefined ? movable(summary.terms) : [];

type Task = SegmentTask | FileTask | IndexTask | UnitTask | DigestTask;
type Result = SegmentSummary | SummarizedFile | undefined | Buffer | BuiltUnit | readonly Digest[];

function work(task: Task): Result {
  if ('paths' in task) return task.paths.map(digestFile);
  if ('stored' in task) return task.stored.map(digestBytes);
  if ('path' in task) return summarizeFile(task.path, task.question);
  if ('indexed' in task) return indexStored(bufferOf(task.indexed), task.segment);
  if ('parts' in task) return buildUnit(task.range, task.parts.map(arrivedPart));
  return summarizeWithTerms(bufferOf(task.segment), task.question);
}

serve(work, (result) => {
  if (Buffer.isBuffer(result)) return movable(result);
  if (result === undefined) return [];
  if ('bytes' in result) return movable(result.bytes);
  if ('summary' in result) return movedTerms(result.summary);
  return 'ok' in result ? movedTerms(result) : [];
});
