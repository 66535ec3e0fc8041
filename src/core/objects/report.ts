import type { CoverageReport } from './coverage.ts';
import type { Rehashed } from './rehashed.ts';
import type { AccountFacts, ContainerGuard, DrillAttempt, RoleAssignment } from './guard.ts';

export type FindingCode =
  | 'chain-broken'
  | 'segment-missing'
  | 'segment-malformed'
  | 'segment-changed'
  | 'sequence-gap'
  | 'sequence-overlap'
  | 'hub-recreated'
  | 'foreign-object'
  | 'entry-mismatch'
  | 'tile-mismatch'
  | 'index-mismatch'
  | 'checkpoint-invalid'
  | 'checkpoint-inconsistent'
  | 'checkpoint-stale'
  | 'partition-silent'
  | 'checkpoint-uncosigned'
  | 'cosignature-invalid'
  | 'not-integrated'
  | 'clock-ahead'
  | 'action-unfinished'
  | 'policy-missing'
  | 'policy-unlocked'
  | 'policy-short'
  | 'account-weak'
  | 'drill-failed'
  | 'not-routed'
  | 'recheck-overdue'
  | 'report-stale'
  | 'source-silent';

/** Finding is one thing that a check states. docs/format.md, section 10.2. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  /** name of the object it is about */
  readonly object: string;
  readonly detail: string;
  /** of a gap that a segment declares itself; of all others it is left out */
  readonly declared?: true;
  /** who looked into it and acknowledged it; left out while nobody did */
  readonly acknowledged?: AcknowledgedBy;
}

/** AcknowledgedBy is what the action says by which somebody acknowledged a finding. */
export interface AcknowledgedBy {
  /** name of the action */
  readonly action: string;
  readonly who: string;
  readonly why: string;
  readonly time: string;
}

/** isAcknowledged tells whether somebody acknowledged a finding: then it doesn't decide the outcome. */
export const isAcknowledged = ({ acknowledged }: Finding): boolean => acknowledged !== undefined;

export type Status = 'verified' | 'violated' | 'unverified';

/**
 * PartitionReport is how far a partition's chain was followed, or what the anchor knew while that is not there. The next
 * check expects it, and an incremental one goes on from here.
 */
export interface PartitionReport {
  readonly partition: string;
  /** index of the newest segment of the chain, its root, and the SHA-256 of its stored bytes */
  readonly index: number;
  readonly root: string;
  readonly sha256: string;
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub of that incarnation was created */
  readonly created: string;
  readonly lastEvent: number;
  readonly lastEnqueued: string;
  readonly sealed: string;
}

/** What a check did, and what it did not. */
export interface Checked {
  /**
   * 'quick': stored bytes were compared with the log, and no segment was looked into; 'interval': no segment outside of an interval
   * was looked at. No other check goes on from either.
   */
  readonly mode: 'full' | 'incremental' | 'quick' | 'interval';
  /** name of the report that stated how long the chains must be at least; an incremental check begins where it ended */
  readonly anchor: string | null;
  readonly segments: number;
  readonly records: number;
  readonly events: number;
  readonly duplicates: number;
  readonly storedBytes: number;
  readonly lineBytes: number;
  /** segments before the anchor's heads that an incremental check took from that report */
  readonly segmentsNotRehashed: number;
  /** findings of the anchor that an incremental check repeats, because it did not look there again */
  readonly findingsRepeated: number;
  /** when the last check that looked into all segments ended; '' if a quick one knows of none */
  readonly lastFull: string;
  /** when what the last such check looked into was hashed; left out by checks that know of none, and by early releases */
  readonly rehashed?: Rehashed;
  /** objects that the format knows and that this check does not look into */
  readonly otherObjects: number;
}

/** VerifiedCheckpoint is the newest checkpoint that was found to fit the batches up to it. */
export interface VerifiedCheckpoint {
  readonly number: number;
  readonly size: number;
  readonly root: string;
  /** when its batch was made */
  readonly time: string;
}

/** What a check found of the cosignatures of a log's checkpoints. */
export interface CosignatureReport {
  /** those that verify under the key of a witness of the policy */
  readonly verified: number;
  /** those by keys that no policy named */
  readonly notChecked: number;
  /** the last checkpoint looked at that has the policy's quorum, and who cosigned it, as the policy calls them; null if none has */
  readonly quorum: { readonly number: number; readonly witnesses: readonly string[] } | null;
  /** when the batch of the first checkpoint after that one was made; null if the newest has the quorum, or without policy */
  readonly waitingSince: string | null;
}

/** IndexReport is what a check did about the index that the newest checkpoint's log states. */
export interface IndexReport {
  /** entries that it covers, its rules, and the SHA-256 of its manifest */
  readonly entries: number;
  readonly rules: number;
  readonly manifest: string;
  readonly units: number;
  /** units that were made again from the segments: the last ones, where not all of them were */
  readonly rederived: number;
}

/** What a check did about the log of the ledger, and what it did not. */
export interface LogReport {
  /** the number behind that of the newest batch in the log */
  readonly batches: number;
  readonly entries: number;
  /** entries that were compared with their objects */
  readonly entriesCompared: number;
  /** checkpoints whose tree was computed from the batches */
  readonly checkpoints: number;
  /** checkpoints whose signature was verified with a trusted key */
  readonly signatures: number;
  /** the keys that verified them, each as `name+id`; reports of early releases leave it out */
  readonly signedBy?: readonly string[];
  /** tiles and entry bundles that were compared with the entries */
  readonly tiles: number;
  readonly segmentsNotIntegrated: number;
  /** left out in reports of early releases */
  readonly cosignatures?: CosignatureReport;
  /** left out where the log states no index, or it was not looked at */
  readonly index?: IndexReport;
  /** the earlier checkpoint that the log was found to contain */
  readonly keptCheckpoint: string | null;
  /** null while there is none; then, and while the anchor's is not there any more, what the anchor knew */
  readonly head: VerifiedCheckpoint | null;
}

/** IntervalReport is what a check of an interval was of, by the log's entries. Times are ISO 8601 UTC. */
export interface IntervalReport {
  readonly from: string;
  readonly to: string;
  /** ids in ascending order of number; null for all */
  readonly partitions: readonly string[] | null;
  /** entries of segments that are of the interval, and those of others */
  readonly segments: number;
  readonly segmentsOutside: number;
  /** whether the log has all of it, as isIntervalComplete says */
  readonly complete: boolean;
  /**
   * of each partition asked for: how many of its segments are of the interval, the index of the first and of the last of them (-1: there
   * is none), the earliest time of its first segment and when its newest one was sealed ('': the log has none)
   */
  readonly chains: readonly {
    readonly partition: string;
    readonly segments: number;
    readonly first: number;
    readonly last: number;
    readonly begins: string;
    readonly sealed: string;
  }[];
}

/** Report is the outcome of one check of a ledger. Times are ISO 8601 UTC. */
export interface Report {
  readonly version: 1;
  readonly kind: 'integrity';
  readonly ledger: string | null;
  readonly started: string;
  readonly finished: string;
  readonly status: Status;
  readonly checked: Checked;
  /** what was checked is this interval alone, and `status` is of it; left out where all was. Such a report is never filed */
  readonly interval?: IntervalReport;
  /** left out where there is no log, and in reports of early releases */
  readonly log?: LogReport;
  readonly notChecked: readonly string[];
  readonly partitions: readonly PartitionReport[];
  readonly findings: readonly Finding[];
  /** findings beyond those listed */
  readonly findingsOmitted: number;
  /** of those listed, how many somebody acknowledged */
  readonly findingsAcknowledged: number;
  /** objects that could not be read, and why */
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
  /** SHA-256 of the report's page, which is made of the other members; left out where it has none */
  readonly page?: string;
}

/** EXIT_STATUS is what a program that checks ends with. docs/format.md, section 10.3. */
export const EXIT_STATUS: Readonly<Record<Status, number>> = { verified: 0, violated: 1, unverified: 2 };

/** PostureReport compares what Azure says of a ledger's container with what is promised of it. */
export interface PostureReport {
  readonly version: 1;
  readonly kind: 'posture';
  readonly account: string;
  readonly container: string;
  readonly time: string;
  readonly status: Status;
  readonly retentionDays: number;
  /** what Azure said; null where it couldn't be read */
  readonly guard: ContainerGuard | null;
  readonly settings: AccountFacts | null;
  readonly locks: readonly string[] | null;
  readonly roles: readonly RoleAssignment[] | null;
  /** what was tried on canaries, and what came of it; left out where nothing was */
  readonly drill?: readonly DrillAttempt[];
  /** what of an estate sends its logs to the ledger's hub; left out where it was not asked */
  readonly coverage?: CoverageReport;
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
  /** SHA-256 of the report's page, which is made of the other members; left out where it has none */
  readonly page?: string;
}
