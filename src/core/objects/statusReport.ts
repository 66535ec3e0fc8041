import type { DrillAttempt } from './guard.ts';
import type { Finding, Status } from './report.ts';

/** Todo is the one thing to do next: what is wrong, in a sentence, and the section of docs/runbook.md that says what to do. */
export interface Todo {
  readonly what: string;
  readonly section: string;
}

/** Affected is what a segment holds that a finding is about, as its entry in the log says. */
export interface Affected {
  readonly records: number;
  /** the earliest and the latest time of its events */
  readonly from: string;
  readonly to: string;
  /** how many records of each category; the log counts at most 100 of them */
  readonly categories: Readonly<Record<string, number>>;
}

/** StatusFinding is a finding of a filed report, or of the status itself. */
export interface StatusFinding extends Finding {
  /** name of the report that states it; left out where the status does */
  readonly report?: string;
  /** left out where it isn't about a segment that the log has an entry of */
  readonly affected?: Affected;
}

/** StatusLog is the newest published checkpoint of the log. */
export interface StatusLog {
  readonly size: number;
  readonly root: string;
  /** when its batch was made */
  readonly time: string;
  /** keys that were given and signed it, each as `name+id`: none where no key was given */
  readonly signedBy: readonly string[];
  /** witnesses whose keys were given and that cosigned it, and when */
  readonly cosignedBy: readonly { readonly name: string; readonly time: string }[];
}

/** StatusCheck is a report of kind integrity: what it covered, and what came of it. */
export interface StatusCheck {
  readonly report: string;
  readonly status: Status;
  readonly mode: 'full' | 'incremental';
  readonly finished: string;
  readonly segments: number;
  readonly records: number;
}

/** StatusPosture is the newest report of kind posture. */
export interface StatusPosture {
  readonly report: string;
  readonly status: Status;
  readonly time: string;
  /** null where there is none, or it couldn't be read: `isRead` tells which */
  readonly policy: {
    readonly state: 'Unlocked' | 'Locked';
    readonly days: number;
    readonly extensionsLeft: number;
  } | null;
  /** whether Azure told what guards the container */
  readonly isRead: boolean;
  /** tags of legal holds */
  readonly holds: readonly string[];
  /** how many changes of canaries the last drill tried, by outcome; null where none was held */
  readonly drill: Readonly<Record<DrillAttempt['outcome'], number>> | null;
}

/** HOURS is how many hours the charts show. */
export const HOURS = 24;

/** UNTOLD is the object of a finding that categories could not be told apart. */
export const UNTOLD = 'categories that are not told apart';

/** noHours is a chart of nothing. */
export const noHours = (): number[] => Array.from({ length: HOURS }, () => 0);

/** SignOfLife is the newest segment of a partition. */
export interface SignOfLife {
  readonly kind: 'records' | 'heartbeat';
  /** when it was sealed */
  readonly sealed: string;
  /** of a heartbeat, what the hub said: when it was asked, its newest event, and how many of its events were not sealed then */
  readonly hub?: { readonly asked: string; readonly last: number; readonly behind: number };
}

/** PartitionStatus is how one partition stands. */
export interface PartitionStatus {
  readonly partition: string;
  /** number of the next record, and the last event that is sealed; null where nothing that was read says so */
  readonly records: number | null;
  readonly lastEvent: number | null;
  /** when that was enqueued; '' if there is none */
  readonly lastEnqueued: string;
  readonly life: SignOfLife;
  /** gaps that the newest check found, by whether somebody acknowledged them */
  readonly gaps: { readonly open: number; readonly acknowledged: number };
  /** records of each of the last 24 hours, the oldest first */
  readonly hours: readonly number[];
}

/** SourceStatus is what comes of one category of records. */
export interface SourceStatus {
  readonly category: string;
  /** the earliest and the latest time at which one was seen in what was read; '' where an expected one never was */
  readonly first: string;
  readonly last: string;
  /** records of the last 24 hours, and of each of them, the oldest first */
  readonly day: number;
  readonly hours: readonly number[];
  /** about so many a day before, by what was read; null where less than a day before was looked at */
  readonly usual: number | null;
  /** the longest time without one before, in ms; null where it was seen once or never */
  readonly longestSilence: number | null;
  /** after how many ms of silence it counts as silent; null where it never does */
  readonly threshold: number | null;
  readonly isSilent: boolean;
}

/** Sources is what comes of each category, and what of the log that rests on. */
export interface Sources {
  /** from when on all entries were read, and from when on some: evenly spaced ones */
  readonly dayFrom: string;
  readonly from: string;
  /** entry bundles of the days before that were read, and how many there are */
  readonly sampled: { readonly read: number; readonly of: number };
  readonly list: readonly SourceStatus[];
  /** how many categories are silent */
  readonly silent: number;
  /** categories beyond those listed */
  readonly omitted: number;
}

/**
 * StatusReport is how a ledger stands at a time: what the newest reports found, how old everything is, and what comes from where. It is
 * a view of what others checked, and checks no segment itself.
 */
export interface StatusReport {
  readonly version: 1;
  readonly kind: 'status';
  readonly ledger: string | null;
  /** what it is about: now, or of a copy when its newest batch was made */
  readonly time: string;
  readonly isCopy: boolean;
  readonly status: Status;
  /** null where nothing is to do */
  readonly todo: Todo | null;
  /** null where no checkpoint can be read */
  readonly log: StatusLog | null;
  readonly lastCheck: StatusCheck | null;
  /** null where it is not among the newest reports */
  readonly lastFull: StatusCheck | null;
  /** when the last full check ended, by the newest report; '' if none says */
  readonly lastFullAt: string;
  readonly posture: StatusPosture | null;
  readonly partitions: readonly PartitionStatus[];
  /** null where the log can't be read */
  readonly sources: Sources | null;
  /** those that nobody acknowledged first */
  readonly findings: readonly StatusFinding[];
  readonly findingsOmitted: number;
  readonly notChecked: readonly string[];
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
  /** SHA-256 of the report's page; left out where it has none */
  readonly page?: string;
}
