import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';
import type { Anchor } from '../ledger/reports.ts';

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
  /** a checkpoint that was kept elsewhere: the log must still contain it */
  readonly kept?: { readonly name: string; readonly note: Buffer };
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
