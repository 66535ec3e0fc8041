import type { Hash } from '../../core/hash.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';

/** WalkedObject is an object in the place of a segment; without a summary if it can't be read. */
export interface WalkedObject<T = SegmentSummary | StoredDigest> {
  readonly index: number;
  readonly size: number;
  readonly summary?: T;
  /** it was found to continue the chain */
  readonly isOfChain: boolean;
}

/** StoredDigest stands for an object of which nothing but its bytes' SHA-256 is known; without one it is too large. */
export interface StoredDigest {
  readonly ok?: undefined;
  readonly sha256: Hash | undefined;
}

/** Uncompared is the objects of a partition that the log has no entry of. */
export interface Uncompared {
  readonly first: string;
  readonly count: number;
}
