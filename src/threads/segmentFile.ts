import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { summarizeSegment } from '../core/segment/summary.ts';
import type { SegmentQuestion } from '../core/segment/summary.ts';
import { USUAL_SEGMENT_BYTES } from '../ledger/objects.ts';
import type { SummarizedFile } from '../ledger/objects.ts';

/** What one segment is read into after the other; nothing of a summary is a view of it. */
let memory = Buffer.alloc(0);

/**
 * summarizeFile re-computes the segment in a file, and waits for the disk: it is for threads of their own. It gives undefined for
 * what isn't a file that can be read, or is larger than segments usually are.
 */
export function summarizeFile(path: string, question: SegmentQuestion): SummarizedFile | undefined {
  const stored = readUsual(path);
  return stored && { size: stored.length, summary: summarizeSegment(stored, question) };
}

function readUsual(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    // A pipe in the place of a file must not keep the thread waiting for a writer.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = fstatSync(file);
    return info.isFile() && info.size <= USUAL_SEGMENT_BYTES ? readWhole(file, info.size) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readWhole(file: number, size: number): Buffer {
  if (memory.length < size) memory = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (at < size) {
    const length = readSync(file, memory, at, size - at, at);
    if (length === 0) break;
    at += length;
  }
  return memory.subarray(0, at);
}
