import { ZERO_HASH } from '../hash.ts';
import type { Hash } from '../hash.ts';
import type { Statement } from '../signed/segmentFrame.ts';

/** ChainHead is where a partition's chain goes on. */
export interface ChainHead {
  /** the first index whose name is free */
  readonly index: number;
  /** root of the last segment of the chain, ZERO_HASH if there is none */
  readonly root: Hash;
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub of that incarnation was created, as it said; '' before the first segment */
  readonly created: string;
  /** last sequence number that is sealed or declared missing, -1 if none */
  readonly lastEvent: number;
  /** the latest time at which a sealed event was enqueued, '' if none: the hub's clock may have gone back since */
  readonly latest: string;
  /** index of the last segment, -1 if there is none; what stands between it and `index` is foreign */
  readonly previous: number;
  /** when that was sealed, '' if there is none */
  readonly sealed: string;
}

/** NO_CHAIN is the head of a partition without segments. */
export const NO_CHAIN: ChainHead = {
  index: 0,
  root: ZERO_HASH,
  record: 0,
  incarnation: 0,
  created: '',
  lastEvent: -1,
  latest: '',
  previous: -1,
  sealed: '',
};

/** headOf is the head behind the signed segment of an index, by what its session said of it; `index` is the first free one. */
export const headOf = (
  { root, record, incarnation, created, event, enqueued = '', sealed }: Statement,
  previous: number,
  index: number,
): ChainHead => ({ index, root, record, incarnation, created, lastEvent: event, latest: enqueued, previous, sealed });

/** sealedAt is when a segment behind this head is sealed: by the clock, and never before the one that it follows. */
export function sealedAt({ sealed }: Pick<ChainHead, 'sealed'>, now: number): string {
  const time = new Date(now).toISOString();
  return time > sealed ? time : sealed;
}
