import { isOperator } from '../signed/operatorNotice.ts';
import { isAuditor } from '../signed/reportSignature.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { readLog } from './followBatches.ts';
import { ChainCheck } from './chain.ts';
import { ClockCheck } from './clock.ts';
import type { CheckParts, Checked, IntervalCounts } from './checked.ts';
import { Counts } from './counts.ts';
import type { PartitionCount } from './counts.ts';
import type { EntryParts } from './entryCheck.ts';
import { Findings } from './findings.ts';
import type { Finding, FindingCode, Unreadable } from './findings.ts';
import { finishActions, finishWalk, sayForeign, untilOf } from './finish.ts';
import { Folder, TLOG } from './folder.ts';
import type { StoredFile } from './folder.ts';
import { checkInterval } from './interval.ts';
import { LogCheck } from './log.ts';
import type { LogOutcome } from './log.ts';
import { isKnownName, parseReportName, parseSegmentName } from './names.ts';
import { notChecked } from './notChecked.ts';
import { checkPages } from './pages.ts';
import { Reports } from './reports.ts';
import type { Interval, Slice } from './slice.ts';
import { Walk } from './walk.ts';

/** LedgerOutcome is what a check of a mirror found, what it did, and what it did not. */
export interface LedgerOutcome {
  /** docs/format.md, section 10.3 */
  readonly status: 'verified' | 'violated' | 'unverified';
  readonly ledger: string | undefined;
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
  /** of each code, how many findings are only counted */
  readonly omittedOf: ReadonlyMap<FindingCode, number>;
  readonly unreadable: readonly Unreadable[];
  readonly partitions: readonly PartitionCount[];
  readonly lineBytes: number;
  /** who the signature lines of checkpoints name: a claim */
  readonly signers: readonly string[];
  /** absent where there is no log */
  readonly log: LogOutcome | undefined;
  /** name of the report in the folder that said how far the ledger reached */
  readonly anchor: string | undefined;
  /** whether a key was given that can have signed the log; those of witnesses can't */
  readonly hasKeys: boolean;
  /** keys of an auditor that signed reports, of those that were given */
  readonly auditors: readonly string[];
  /** what has the name of a segment and isn't signed by who may */
  readonly foreignSegments: number;
  /** where the folder has a log that no given key began: the keys that it announces, a claim */
  readonly claimed: readonly string[];
  /** the interval that alone was checked; absent where all was */
  readonly interval: IntervalCounts | undefined;
  /** whether a segment or a report has an entry in the log, or must be in a chain, and is gone */
  readonly lacksObjects: boolean;
  /** what the folder says that it is a slice of: a claim; 'unreadable' where it says something else */
  readonly slice: Slice | 'unreadable' | undefined;
  readonly notChecked: readonly string[];
}

/** Progress is told after each file. */
export interface Progress {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

/** Options of verifyLedger. */
export interface VerifyOptions {
  readonly keys: readonly VerifierKey[];
  /** ms since the Unix epoch */
  readonly now: number;
  /** check this interval alone */
  readonly interval?: Interval | undefined;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * verifyLedger checks a mirror as docs/format.md, section 10, asks: every segment, every chain, the log with its
 * checkpoints and tiles, and reports against their entries; or of the segments an interval alone. What is stored is untrusted. It holds
 * one object at a time.
 */
export async function verifyLedger(files: Iterable<StoredFile>, options: VerifyOptions): Promise<LedgerOutcome> {
  const findings = new Findings();
  const progress = { name: '', files: 0, bytes: 0 };
  const folder = await Folder.open(files, findings, (name, bytes) => {
    progress.name = name;
    progress.files += 1;
    progress.bytes += bytes;
    options.onProgress?.({ ...progress });
  });
  const { keys, now, interval } = options;
  const [own, witnesses] = [keys.filter(isOwn), keys.filter(({ type }) => type === 'cosignature')];
  const hasKeys = own.length > 0;
  const counts = new Counts();
  const parts = { folder, findings, counts, keys, given: hasKeys ? own : undefined, witnesses, now };
  const checked = interval === undefined ? await checkWhole(parts) : await checkInterval(parts, interval);
  const { log, hasLog, trust, reports, anchor } = checked;
  const segments = checked.interval?.segments ?? counts.all.reduce((sum, count) => sum + count.segments, 0);
  const outcome = hasLog ? log.outcome() : undefined;
  // Which segments are of an interval, a checkpoint has to stand for.
  const isBased = interval === undefined || outcome?.head !== undefined;
  const isComplete = segments > 0 && findings.unreadable.length === 0 && isBased;
  return {
    status: findings.isViolated ? 'violated' : isComplete ? 'verified' : 'unverified',
    ledger: trust.ledger,
    findings: findings.listed,
    findingsOmitted: findings.omitted,
    omittedOf: findings.omittedOf,
    unreadable: findings.unreadable,
    partitions: counts.all,
    lineBytes: counts.lineBytes,
    signers: log.signers,
    log: outcome,
    anchor,
    hasKeys,
    auditors: [...reports.signers],
    foreignSegments: counts.foreignSegments,
    claimed: log.claimed?.map(({ text }) => text) ?? [],
    interval: checked.interval,
    lacksObjects: lacksObjects(findings, folder),
    slice: await folder.slice(),
    notChecked: notChecked({
      folder,
      segments,
      foreignSegments: counts.foreignSegments,
      claimed: log.claimed,
      interval: checked.interval,
      notIntegrated: checked.notIntegrated,
      log: outcome,
      keys,
      hasKeys,
      hasAuditor: reports.hasKeys,
      anchor,
      reportsWithoutEntry: reports.withoutEntry,
      acknowledgementsWithoutEntry: checked.waiting,
      acknowledgementsWithoutFinding: checked.withoutFinding,
      unreadableOmitted: findings.unreadableOmitted,
    }),
  };
}

/** lacksObjects tells whether something was found to be gone that a slice leaves out. */
const lacksObjects = ({ listed, omittedOf }: Findings, folder: Folder): boolean =>
  omittedOf.has('segment-missing') ||
  listed.some(
    ({ code, object }) =>
      code === 'segment-missing' ||
      (code === 'entry-mismatch' && parseReportName(object) !== undefined && !folder.has(object)),
  );

/** isOwn tells whether a key can be one of the log's: its name and its type say what it signs. */
const isOwn = (key: VerifierKey): boolean => key.type !== 'cosignature' && !isAuditor(key) && !isOperator(key);

/** checkWhole checks all that is in a mirror. */
async function checkWhole({ folder, findings, counts, keys, given, witnesses, now }: CheckParts): Promise<Checked> {
  const { announced, filed } = await readLog(folder, given);
  const reports = new Reports(folder, keys);
  // Without a key of the log nobody knows what has an entry in it.
  const anchor = given === undefined ? undefined : await reports.newest(filed.report);
  const clock = new ClockCheck(now);
  const trust = new Trust(anchor?.report.ledger, given);
  const walks = new Map<string, Walk>();
  const walkOf = (partition: string): Walk => {
    const begun = walks.get(partition);
    if (begun !== undefined) return begun;
    counts.of(partition);
    const known = anchor?.report.partitions.find((head) => head.partition === partition);
    const walk = new Walk(folder, trust, new ChainCheck(partition, findings, clock, known), counts.add);
    walks.set(partition, walk);
    return walk;
  };
  for (const { partition } of anchor?.report.partitions ?? []) walkOf(partition);
  const unknown: string[] = [];
  for (const name of folder.names) {
    const place = parseSegmentName(name);
    if (place !== undefined) walkOf(place.partition);
    else if (!name.startsWith(TLOG) && !isKnownName(name)) unknown.push(name);
  }
  sayForeign(folder, findings, [...unknown, ...folder.foreign]);

  const objectAt: EntryParts['objectAt'] = ({ partition, index }) => walkOf(partition).to(index);
  const parts = { folder, findings, clock, trust, reports, objectAt, given, announced, witnesses, anchor };
  const log = new LogCheck(parts);
  const hasLog = await log.follow();
  const until = untilOf(log, hasLog, given !== undefined);
  let notIntegrated = 0;
  for (const [partition, walk] of [...walks.entries()].sort(([a], [b]) => Number(a) - Number(b))) {
    notIntegrated += await finishWalk(walk, until, findings, (index) => log.entries.has(partition, index));
    counts.of(partition).head = walk.chain.head;
  }
  const acknowledging = await finishActions({ folder, findings, clock, log, until, now }, async () => {
    await reports.check(findings, clock, log.lacksReport);
    await checkPages(folder, findings, reports);
  });
  return { log, hasLog, trust, reports, anchor: anchor?.name, interval: undefined, notIntegrated, ...acknowledging };
}
