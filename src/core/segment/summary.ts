import { CategoryCount } from './categories.ts';
import { readSegment } from './reader.ts';
import type { SegmentReading } from './reader.ts';
import { faultIn } from '../errors.ts';
import { sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';

/** SegmentSummary is a segment re-computed from its stored bytes, or why it is none. It survives structured cloning. */
export type SegmentSummary =
  | ({
      readonly ok: true;
      readonly sha256: Hash;
      /** how many records there are of each category, if that was asked for */
      readonly categories?: ReadonlyMap<string, number>;
    } & SegmentReading)
  | {
      readonly ok: false;
      readonly versionUnknown: boolean;
      readonly why: string;
      /** of the stored bytes, if they could be read */
      readonly sha256?: Hash;
    };

/** SummarizeSegment is summarizeSegment, here or in another thread. It takes over the bytes. */
export type SummarizeSegment = (stored: Buffer, countsCategories?: boolean) => Promise<SegmentSummary>;

/** summarizeSegment re-computes a segment from its stored bytes. It never throws for what the bytes hold. */
export function summarizeSegment(stored: Buffer, countsCategories = false): SegmentSummary {
  const digest = sha256(stored);
  const categories = countsCategories ? new CategoryCount() : undefined;
  try {
    const reading = readSegment(stored, categories?.add);
    return { ok: true, sha256: digest, ...reading, ...(categories && { categories: categories.counts }) };
  } catch (error) {
    const { code, message } = faultIn(error);
    return { ok: false, versionUnknown: code === 'VERSION_UNKNOWN', why: message, sha256: digest };
  }
}
