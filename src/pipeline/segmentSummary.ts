import { AuditsealError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { readSegment } from '../core/segmentReader.ts';
import type { SegmentReading } from '../core/segmentReader.ts';

/** SegmentSummary is a segment re-computed from its stored bytes, or why it is none. It survives structured cloning. */
export type SegmentSummary =
  | ({ readonly ok: true; readonly sha256: Hash } & SegmentReading)
  | { readonly ok: false; readonly versionUnknown: boolean; readonly why: string };

/** SummarizeSegment is summarizeSegment, here or in another thread. It takes over the bytes. */
export type SummarizeSegment = (stored: Buffer) => Promise<SegmentSummary>;

/** summarizeSegment re-computes a segment from its stored bytes. It never throws for what the bytes hold. */
export function summarizeSegment(stored: Buffer): SegmentSummary {
  try {
    return { ok: true, sha256: sha256(stored), ...readSegment(stored) };
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    return { ok: false, versionUnknown: error.code === 'VERSION_UNKNOWN', why: error.message };
  }
}
