import { findSignatureFrame } from './segmentFrame.ts';
import { AuditsealError } from '../errors.ts';
import { sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { decompress } from '../segment/zstd.ts';

/** SegmentInEntry is the segment whose stored bytes an entry of the log states. */
export interface SegmentInEntry {
  readonly name: string;
  readonly sha256: Hash;
}

/**
 * openEntered gives the lines of a segment from its stored bytes, if these are what an entry of the log states: then nobody's signature is
 * asked for. It throws SEGMENT_MALFORMED, or FOREIGN_OBJECT for what has no signature frame.
 */
export function openEntered(stored: Buffer, { name, sha256: stated }: SegmentInEntry): Buffer {
  if (sha256(stored) !== stated)
    throw new AuditsealError('SEGMENT_MALFORMED', `${name} is not what its entry in the log says`);
  return decompress(stored.subarray(0, stored.length - findSignatureFrame(stored).size));
}
