import { readInto, withFile } from './readFile.ts';
import { summarizeWithTerms } from '../core/index/terms.ts';
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
  return stored && { size: stored.length, summary: summarizeWithTerms(stored, question) };
}

function readUsual(path: string): Buffer | undefined {
  try {
    return withFile(path, (file, size) => {
      if (size > USUAL_SEGMENT_BYTES) return undefined;
      if (memory.length < size) memory = Buffer.allocUnsafeSlow(size);
      return readInto(memory, file, size);
    });
  } catch {
    return undefined;
  }
}
