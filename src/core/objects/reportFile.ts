import { AuditsealError } from '../errors.ts';
import { formatHash, parseHash, sha256 } from '../hash.ts';
import { isReportName, reportName } from './names.ts';
import type { ObjectStore } from '../../ports/store.ts';
import type { PostureReport } from '../../guard/posture.ts';
import { isPostureReport, isReport } from './reportShape.ts';

export type FindingCode =
  | 'chain-broken'
  | 'segment-missing'
  | 'segment-malformed'
  | 'segment-changed'
  | 'sequence-gap'
  | 'sequence-overlap'
  | 'foreign-object'
  | 'entry-mismatch'
  | 'tile-mismatch'
  | 'checkpoint-invalid'
  | 'checkpoint-inconsistent'
  | 'checkpoint-stale'
  | 'checkpoint-uncosigned'
  | 'cosignature-invalid'
  | 'not-integrated'
  | 'action-unfinished'
  | 'policy-missing'
  | 'policy-unlocked'
  | 'policy-short'
  | 'account-weak'
  | 'drill-failed';

/** Finding is one thing that a check states. docs/format.md, section 5. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  /** name of the object it is about */
  readonly object: string;
  readonly detail: string;
}

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
  readonly lastEvent: number;
  readonly lastEnqueued: string;
  readonly sealed: string;
}

/** What a check did, and what it did not. */
export interface Checked {
  /** 'quick': stored bytes were compared with the log, and no segment was looked into; no other check goes on from it */
  readonly mode: 'full' | 'incremental' | 'quick';
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
  /** objects that the format knows and that this check does not look into */
  readonly otherObjects: number;
}

/** LogHead is the newest checkpoint that was found to fit the batches up to it. */
export interface LogHead {
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

/** What a check did about the log of the ledger, and what it did not. */
export interface LogReport {
  readonly batches: number;
  readonly entries: number;
  /** entries that were compared with their objects */
  readonly entriesCompared: number;
  /** checkpoints whose tree was computed from the batches */
  readonly checkpoints: number;
  /** checkpoints whose signature was verified with a key that the checker was given */
  readonly signatures: number;
  /** the keys that verified them, each as `name+id`; reports of early releases leave it out */
  readonly signedBy?: readonly string[];
  /** tiles and entry bundles that were compared with the entries */
  readonly tiles: number;
  readonly segmentsNotIntegrated: number;
  /** left out in reports of early releases */
  readonly cosignatures?: CosignatureReport;
  /** the earlier checkpoint that the log was found to contain */
  readonly keptCheckpoint: string | null;
  /** null while there is none; then, and while the anchor's is not there any more, what the anchor knew */
  readonly head: LogHead | null;
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
  /** left out where there is no log, and in reports of early releases */
  readonly log?: LogReport;
  readonly notChecked: readonly string[];
  readonly partitions: readonly PartitionReport[];
  readonly findings: readonly Finding[];
  /** findings beyond those listed */
  readonly findingsOmitted: number;
  /** objects that could not be read, and why */
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
  /** SHA-256 of the report's page, which is made of the other members; left out where it has none */
  readonly page?: string;
}

/** FiledReport is a report of any kind that is filed in a ledger. */
export type FiledReport = Report | PostureReport;

/** EXIT_STATUS is what a program that checks ends with. docs/format.md, section 5. */
export const EXIT_STATUS: Readonly<Record<Status, number>> = { verified: 0, violated: 1, unverified: 2 };

const PREFIX = '{"report":';
const MIDDLE = ',"sha256":"';
const SUFFIX = '"}\n';

/** formatReport prints a report with the SHA-256 of its own text behind it, so that a damaged one is noticed. */
export function formatReport(report: FiledReport): Buffer {
  const text = Buffer.from(JSON.stringify(report));
  return Buffer.concat([Buffer.from(PREFIX), text, Buffer.from(`${MIDDLE}${formatHash(sha256(text))}${SUFFIX}`)]);
}

/** parseReport reads a report of kind integrity like parseFiledReport; every other kind is REPORT_MALFORMED too. */
export function parseReport(bytes: Buffer): Report {
  const report = parseFiledReport(bytes);
  if (report.kind === 'integrity') return report;
  throw new AuditsealError('REPORT_MALFORMED', `the report is of kind ${report.kind}, not integrity`);
}

/** parseFiledReport is the inverse of formatReport. It throws REPORT_MALFORMED for anything that formatReport did not print. */
export function parseFiledReport(bytes: Buffer): FiledReport {
  const textEnd = bytes.length - SUFFIX.length - 64 - MIDDLE.length;
  const text = bytes.subarray(PREFIX.length, Math.max(textEnd, PREFIX.length));
  const stated = parseHash(
    bytes.toString('latin1', Math.max(bytes.length - SUFFIX.length - 64, 0), bytes.length - SUFFIX.length),
  );
  if (textEnd < PREFIX.length || stated === undefined || stated !== sha256(text)) {
    throw new AuditsealError('REPORT_MALFORMED', 'the report is not whole: its own SHA-256 does not fit');
  }
  const report = parseText(text);
  if (!(isReport(report) || isPostureReport(report)) || !formatReport(report).equals(bytes)) {
    throw new AuditsealError('REPORT_MALFORMED', 'the report is of another version or was not written by this program');
  }
  return report;
}

function parseText(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw new AuditsealError('REPORT_MALFORMED', 'the report is not JSON', { cause: error });
  }
}

/**
 * canGoOnFrom tells whether an incremental check may begin where this report ended. One that could not read something
 * must not: what was never read would stay out of sight.
 */
export const canGoOnFrom = ({ status, unreadable }: Report): boolean =>
  status !== 'unverified' && unreadable.length === 0;

/** Anchor is an earlier report and its name: the chains must still reach as far as it says. */
export interface Anchor {
  readonly name: string;
  readonly report: Report;
}

/** How far the clocks of two machines that check may be apart. */
export const CLOCK_SKEW_MS = 10 * 60_000;

/**
 * newestReport finds the newest JSON report of kind integrity, and names those that it passes over and that are none of
 * any kind: not whole, or of a time to come. Such a one would otherwise stay the newest for years, and keep full checks from happening.
 */
export async function newestReport(
  store: ObjectStore,
  now: number,
): Promise<{ anchor?: Anchor; malformed: readonly string[] }> {
  const malformed: string[] = [];
  for await (const name of namesFromNewest(store, 'reports/')) {
    const report = await readReport(store, name);
    if (report === undefined || !isOf(report, name, now)) malformed.push(name);
    else if (report.kind === 'integrity') return { anchor: { name, report }, malformed };
  }
  return { malformed };
}

/** The folders of years, months and days. */
const FOLDER = /^reports\/\d{4}\/(?:\d{2}\/){0,2}$/;

/** namesFromNewest gives the names of reports, the newest first: they sort by time. It lists no day that isn't asked for. */
async function* namesFromNewest(store: ObjectStore, folder: string): AsyncGenerator<string> {
  const found: { readonly name: string; readonly isFolder: boolean }[] = [];
  for await (const child of store.children(folder)) found.push(child);
  for (const { name, isFolder } of found.sort((a, b) => (a.name < b.name ? 1 : -1))) {
    if (!isFolder && isReportName(name)) yield name;
    else if (isFolder && FOLDER.test(name)) yield* namesFromNewest(store, name);
  }
}

async function readReport(store: ObjectStore, name: string): Promise<FiledReport | undefined> {
  try {
    const bytes = await store.read(name);
    return bytes && parseFiledReport(bytes);
  } catch (error) {
    const isFaulty = error instanceof AuditsealError && ['REPORT_MALFORMED', 'OBJECT_TOO_LARGE'].includes(error.code);
    if (isFaulty) return undefined;
    throw error;
  }
}

/** isOf tells whether a report's times agree with its name and with the clock. */
function isOf(report: FiledReport, name: string, now: number): boolean {
  const time = Date.parse(report.kind === 'integrity' ? report.finished : report.time);
  return (
    reportName(time, report.kind, 'json') === name &&
    time <= now + CLOCK_SKEW_MS &&
    (report.kind !== 'integrity' || Date.parse(report.checked.lastFull) <= time)
  );
}
