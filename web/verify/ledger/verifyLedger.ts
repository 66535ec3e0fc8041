import { isOperator } from '../signed/operatorNotice.ts';
import { isAuditor } from '../signed/reportSignature.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { acknowledge } from './acknowledge.ts';
import { checkActions } from './actionCheck.ts';
import { readLog } from './followBatches.ts';
import { ChainCheck } from './chain.ts';
import type { Head } from './chain.ts';
import { ClockCheck } from './clock.ts';
import { Findings } from './findings.ts';
import type { Finding, FindingCode, Unreadable } from './findings.ts';
import { Folder, TLOG } from './folder.ts';
import type { StoredFile } from './folder.ts';
import { LogCheck } from './log.ts';
import type { LogOutcome } from './log.ts';
import { isKnownName, parseSegmentName, segmentName } from './names.ts';
import { notChecked } from './notChecked.ts';
import { checkPages } from './pages.ts';
import { Reports } from './reports.ts';
import type { Reading } from './segment.ts';
import { Walk } from './walk.ts';

/** PartitionCount is what was checked of a partition. */
export interface PartitionCount {
  readonly partition: string;
  segments: number;
  heartbeats: number;
  records: number;
  events: number;
  storedBytes: number;
  /** the newest segment that continues the chain */
  head: Head | undefined;
}

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
  readonly onProgress?: (progress: Progress) => void;
}

/** How long before the newest batch a segment must have been sealed, not to be just on its way into the log. */
const DELAY_MS = 10 * 60_000;

/**
 * verifyLedger checks a mirror as docs/format.md, section 10, asks: every segment, every chain, the log with its
 * checkpoints and tiles, and reports against their entries. What is stored is untrusted. It holds one object at a time.
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
  const { keys, now } = options;
  const [own, witnesses] = [keys.filter(isOwn), keys.filter(({ type }) => type === 'cosignature')];
  const hasKeys = own.length > 0;
  const given = hasKeys ? own : undefined;
  const { announced, filed } = await readLog(folder, given);
  const reports = new Reports(folder, keys);
  // Without a key of the log nobody knows what has an entry in it.
  const anchor = hasKeys ? await reports.newest(filed.report) : undefined;
  const clock = new ClockCheck(now);
  const trust = new Trust(anchor?.report.ledger, given);
  const counts = new Map<string, PartitionCount>();
  const walks = new Map<string, Walk>();
  let lineBytes = 0;
  let foreignSegments = 0;
  const walkOf = (partition: string): Walk => {
    const begun = walks.get(partition);
    if (begun !== undefined) return begun;
    const count = { partition, segments: 0, heartbeats: 0, records: 0, events: 0, storedBytes: 0, head: undefined };
    counts.set(partition, count);
    const known = anchor?.report.partitions.find((head) => head.partition === partition);
    const walk = new Walk(folder, trust, new ChainCheck(partition, findings, clock, known), (reading, size) => {
      addTo(count, reading, size);
      if (!reading.isSegment && reading.isForeign) foreignSegments += 1;
      if (reading.isSegment) lineBytes += reading.lineBytes;
    });
    walks.set(partition, walk);
    return walk;
  };
  const sayForeign = (name: string): void =>
    findings.say('foreign-object', name, 'the format knows no object of this name');
  for (const { partition } of anchor?.report.partitions ?? []) walkOf(partition);
  const unknown: string[] = [];
  for (const name of folder.names) {
    const place = parseSegmentName(name);
    if (place !== undefined) walkOf(place.partition);
    else if (!name.startsWith(TLOG) && !isKnownName(name)) unknown.push(name);
  }
  for (const name of folder.takeMarkers([...unknown, ...folder.foreign])) sayForeign(name);

  const parts = { folder, findings, clock, trust, reports, walkOf, given, announced, witnesses, anchor };
  const log = new LogCheck(parts);
  const hasLog = await log.follow();
  const until = log.isEndUnknown ? NaN : hasLog ? Date.parse(log.entries.time) - DELAY_MS : hasKeys ? Infinity : NaN;
  const byNumber = [...walks.entries()].sort(([a], [b]) => Number(a) - Number(b));
  let notIntegrated = 0;
  for (const [partition, walk] of byNumber) {
    notIntegrated += await finishPartition(walk, log, until, findings);
    (counts.get(partition) as PartitionCount).head = walk.chain.head;
  }
  const { action: integrated } = log.entries.filed;
  const { operators } = log;
  const entries = log.entries.actions;
  const actions = await checkActions(folder, findings, { integrated, entries, until, now, clock, operators });
  await reports.check(findings, clock, log.lacksReport);
  await checkPages(folder, findings, reports);
  const known = actions.acknowledgements.filter(({ code }) => code === 'clock-ahead').map(({ object }) => object);
  clock.finish(findings, new Set(known));
  const acknowledgementsWithoutFinding = await acknowledge(folder, findings, actions.acknowledgements);
  const partitions = byNumber.map(([partition]) => counts.get(partition) as PartitionCount);
  const segments = partitions.reduce((sum, count) => sum + count.segments, 0);
  const isComplete = segments > 0 && findings.unreadable.length === 0;
  return {
    status: findings.isViolated ? 'violated' : isComplete ? 'verified' : 'unverified',
    ledger: trust.ledger,
    findings: findings.listed,
    findingsOmitted: findings.omitted,
    omittedOf: findings.omittedOf,
    unreadable: findings.unreadable,
    partitions,
    lineBytes,
    signers: log.signers,
    log: hasLog ? log.outcome() : undefined,
    anchor: anchor?.name,
    hasKeys,
    auditors: [...reports.signers],
    foreignSegments,
    claimed: log.claimed?.map(({ text }) => text) ?? [],
    notChecked: notChecked({
      folder,
      segments,
      foreignSegments,
      claimed: log.claimed,
      notIntegrated,
      log: hasLog ? log.outcome() : undefined,
      keys,
      hasKeys,
      hasAuditor: reports.hasKeys,
      anchor: anchor?.name,
      reportsWithoutEntry: reports.withoutEntry,
      acknowledgementsWithoutEntry: actions.waiting,
      acknowledgementsWithoutFinding,
      unreadableOmitted: findings.unreadableOmitted,
    }),
  };
}

/** isOwn tells whether a key can be one of the log's: its name and its type say what it signs. */
const isOwn = (key: VerifierKey): boolean => key.type !== 'cosignature' && !isAuditor(key) && !isOperator(key);

function addTo(count: PartitionCount, reading: Reading, size: number): void {
  if (!reading.isSegment && reading.isForeign) return;
  count.segments += 1;
  count.storedBytes += size;
  if (!reading.isSegment) return;
  count.records += reading.header.records.count;
  count.events += reading.header.events.count;
  if (reading.header.kind === 'heartbeat') count.heartbeats += 1;
}

/** finishPartition checks what the log doesn't have, says if it should, and gives how many segments that are. */
async function finishPartition(walk: Walk, log: LogCheck, until: number, findings: Findings): Promise<number> {
  const { partition } = walk.chain;
  let first: { readonly index: number; readonly sealed: string } | undefined;
  let count = 0;
  let all = 0;
  for (let object = await walk.next(); object !== undefined; object = await walk.next()) {
    const { index, reading } = object;
    if (log.entries.has(partition, index) || reading?.isSegment !== true) continue;
    all += 1;
    const { sealed } = reading.header;
    if (!(Date.parse(sealed) < until)) continue;
    count += 1;
    first ??= { index, sealed };
  }
  walk.chain.finish();
  if (first === undefined) return all;
  const others = count === 1 ? '' : `; nor have the ${count - 1} after it`;
  const why = `it was sealed at ${first.sealed}, and has no entry in the log${others}`;
  findings.say('not-integrated', segmentName(partition, first.index), why);
  return all;
}
