import type { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { Counts } from './counts.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import type { LogCheck } from './log.ts';
import type { Reports } from './reports.ts';
import type { Interval } from './slice.ts';

/** PartitionInterval is what of a partition is of an interval, by the log. */
export interface PartitionInterval {
  readonly partition: string;
  /** indices of its first and last segment in the interval; absent if there is none */
  readonly span: readonly [number, number] | undefined;
  /** the earliest time of its first segment, '' if the log has none */
  readonly begins: string;
  /** when its newest segment in the log was sealed, or '' */
  readonly sealed: string;
}

/** IntervalCounts is what the log says of an interval, and what wasn't looked at because of it. */
export interface IntervalCounts extends Interval {
  /** entries of segments of the interval, and of others; of what the log calls foreign, and of reports */
  readonly segments: number;
  readonly outside: number;
  readonly foreign: number;
  readonly reports: number;
  readonly partitionsIn: readonly PartitionInterval[];
  /** whether each partition is sealed until its end, and one begins before that */
  readonly complete: boolean;
}

/** Checked is what the check of a whole ledger, or of an interval of one, found and did, beside its findings. */
export interface Checked {
  readonly log: LogCheck;
  readonly hasLog: boolean;
  readonly trust: Trust;
  readonly reports: Reports;
  readonly anchor: string | undefined;
  readonly interval: IntervalCounts | undefined;
  /** segments that the log has no entry of */
  readonly notIntegrated: number;
  /** acknowledgements that the log has no entry of, and those that count and fit no listed finding */
  readonly waiting: readonly string[];
  readonly withoutFinding: readonly string[];
}

/** CheckParts is what either works with. */
export interface CheckParts {
  readonly folder: Folder;
  readonly findings: Findings;
  readonly counts: Counts;
  readonly keys: readonly VerifierKey[];
  /** the log's keys that were given; undefined if none were */
  readonly given: readonly VerifierKey[] | undefined;
  readonly witnesses: readonly VerifierKey[];
  /** ms since the Unix epoch */
  readonly now: number;
}
