import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import type { Finding, Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';
import type { Anchor } from '../ledger/reports.ts';
import type { RehashedSegments } from './context.ts';

/** VerifyOptions is what a check goes by, besides what is stored. */
export interface VerifyOptions {
  /** an earlier report: every chain must still reach its head in that report, with the same root */
  readonly anchor?: Anchor;
  /** begin at the anchor's heads instead of at the first segments; see canGoOnFrom */
  readonly isIncremental?: boolean;
  /** compare stored bytes with the log, and look into no segment */
  readonly isQuick?: boolean;
  /** look into no segment but those of this interval, and at no report; with neither an anchor nor `isQuick` */
  readonly interval?: LedgerInterval;
  /** the ledger that the container must hold; without it, the one that the first object names */
  readonly ledger?: string;
  /** keys that the log's checkpoints are signed with; without them no signature is checked */
  readonly verifiers?: readonly VerifierKey[];
  /** whose reports count; without them the signature of a report may be anybody's */
  readonly auditors?: Auditors;
  /** says whose cosignatures count, and how many the newest checkpoint must have */
  readonly policy?: WitnessPolicy;
  /** the ledger is in use, and its log may lag behind the clock by this much; a mirror's may not say so */
  readonly allowance?: Allowance;
  /** what a recheck in slices has come to; a full check joins it, an incremental one says what it found so far */
  readonly recheck?: RecheckSoFar;
  /** where a full check of a ledger with a log may end before it is through; see verifyInParts */
  readonly pausing?: Pausing;
  /** in a check that goes on from a report: how old its oldest re-hash may be; left out: any age */
  readonly rehashWithinMs?: number;
  /** a checkpoint that was kept elsewhere: the log must still contain it */
  readonly kept?: { readonly name: string; readonly note: Buffer };
}

/** RecheckSoFar is what a recheck in slices has come to. */
export interface RecheckSoFar {
  /** what its slices re-hashed, once all did */
  readonly rehashed?: RehashedSegments;
  /** while some haven't: how many there are, how many are done, and what these found */
  readonly underway?: { readonly slices: number; readonly done: number; readonly findings: readonly Finding[] };
}

/** Pausing lets a full check end behind a checkpoint of the log, and another one go on from there. */
export interface Pausing {
  /** what the parts before came to, which this one adds to; left out: it is the first */
  readonly before?: Report;
  /** isDue tells whether this one is to end. */
  isDue(): boolean;
}

/** Allowance is how far a log that is in use may lag. */
export interface Allowance {
  /** from a segment's sealing to its checkpoint */
  readonly delayMs: number;
  /** from one checkpoint to the next */
  readonly ageMs: number;
  /** from one segment of a partition to the next; left out where partitions get no heartbeats */
  readonly silenceMs?: number;
}
