import { CategoryCount } from './categories.ts';
import { contradictionOf } from './statement.ts';
import { readSegment } from './reader.ts';
import type { SegmentReading } from './reader.ts';
import { AuditsealError, faultIn } from '../errors.ts';
import { hashParts } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { certificatesFor } from '../signed/certificate.ts';
import type { Certificates, Trust } from '../signed/certificate.ts';
import { findSignatureFrame, openSignatureFrame } from '../signed/segmentFrame.ts';
import type { SignedStatement } from '../signed/segmentFrame.ts';

/** SegmentSummary is a segment re-computed from its stored bytes, or why it is none. It survives structured cloning. */
export type SegmentSummary =
  | ({
      readonly ok: true;
      /** of the stored bytes */
      readonly sha256: Hash;
      /** what the session that sealed it said */
      readonly statement: SignedStatement;
      /** how many records there are of each category, if that was asked for */
      readonly categories?: ReadonlyMap<string, number>;
      /** what it adds to the index, if that was asked for and whoever summarized can tell; see summarizeWithTerms */
      readonly terms?: Buffer;
    } & SegmentReading)
  | NoSegment;

/** NoSegment is what has a segment's name and isn't one. */
export interface NoSegment {
  readonly ok: false;
  /** nobody whom the ledger certified signed it: nothing in it was looked at */
  readonly isForeign: boolean;
  /** somebody certified signed it, with a later release */
  readonly isOfLater: boolean;
  readonly why: string;
  /** of the stored bytes, if they were signed */
  readonly sha256?: Hash;
}

/** SegmentQuestion is what is asked of stored bytes: whether they are the segment of that name. */
export interface SegmentQuestion {
  readonly name: string;
  readonly trust: Trust;
  readonly countsCategories?: boolean;
  /** its terms are wanted too: summarizeWithTerms gives them, summarizeSegment doesn't */
  readonly wantsTerms?: boolean;
}

/** SummarizeSegment is summarizeSegment, here or in another thread. It takes over the bytes. */
export type SummarizeSegment = (stored: Buffer, question: SegmentQuestion) => Promise<SegmentSummary>;

/**
 * summarizeSegment re-computes a segment from its stored bytes. It never throws for what the bytes hold. What nobody signed
 * who is trusted is dismissed by its last 4 KiB, and never decompressed.
 */
export const summarizeSegment = (stored: Buffer, { trust, ...question }: SegmentQuestion): SegmentSummary =>
  summarizeUnder(certificatesFor(trust), stored, question);

/** summarizeUnder is summarizeSegment, for who has opened certificates before. */
export function summarizeUnder(
  certificates: Certificates,
  stored: Buffer,
  { name, countsCategories }: Omit<SegmentQuestion, 'trust'>,
): SegmentSummary {
  let sha256: Hash | undefined;
  try {
    const frame = findSignatureFrame(stored);
    const statement = openSignatureFrame(frame, name, certificates);
    const frames = stored.subarray(0, stored.length - frame.size);
    const [signed, whole] = hashParts(frames, stored.subarray(frames.length));
    if (signed !== statement.frames)
      throw new AuditsealError('FOREIGN_OBJECT', 'its bytes are not those that were signed');
    sha256 = whole;
    const categories = countsCategories === true ? new CategoryCount() : undefined;
    const reading = readSegment(frames, { categories });
    const contradiction = reading.contradiction ?? contradictionOf(statement, reading);
    return {
      ok: true,
      sha256,
      statement,
      ...reading,
      ...(contradiction !== undefined && { contradiction }),
      ...(categories && { categories: categories.counts }),
    };
  } catch (error) {
    const { code, message } = faultIn(error);
    const [isForeign, isOfLater] = [code === 'FOREIGN_OBJECT', code === 'VERSION_UNKNOWN'];
    return { ok: false, isForeign, isOfLater, why: message, ...(sha256 !== undefined && { sha256 }) };
  }
}

/** segmentFault says why an object is not the segment of its place, whatever its neighbours are. */
export function segmentFault(summary: SegmentSummary, partition: string, index: number): string | undefined {
  if (!summary.ok) return summary.why;
  const { header } = summary;
  if (header.partition !== partition || header.index !== index) {
    return `it is the segment of partition ${header.partition.slice(0, 20)}, index ${header.index}`;
  }
  if (summary.endDiffers) return 'its end line states another root or count than its lines have';
  return summary.contradiction;
}
