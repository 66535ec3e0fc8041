import { readActivity } from './activity.ts';
import type { Activity } from './activity.ts';
import { Bundles } from './bundles.ts';
import { ageOf, collectFindings, judgeAges, judgeReach, outcomeOf, todoOf } from './judge.ts';
import { partitionStatuses } from './partitions.ts';
import { judgeSources } from './sources.ts';
import type { JudgedSources, SourcePromise } from './sources.ts';
import { faultIn } from '../core/errors.ts';
import { formatHash } from '../core/hash.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MAX_EXTENSIONS, extensionsOf } from '../core/objects/guard.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { parseReportName, parseSegmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import type { PostureReport, Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type {
  Affected,
  StatusCheck,
  StatusFinding,
  StatusLog,
  StatusPosture,
  StatusReport,
} from '../core/objects/statusReport.ts';
import { findNewest } from '../ledger/newestReports.ts';
import type { Filed, NewestReports } from '../ledger/newestReports.ts';
import { openPublished } from '../ledger/published.ts';
import type { PublishedLog } from '../ledger/published.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface StatusDeps {
  readonly store: Pick<ObjectStore, 'read' | 'exists' | 'list'>;
  /** left out where there are none */
  readonly tiles?: Pick<TileStore, 'read'>;
  readonly now: Clock;
}

/** StatusQuestion is whose word counts, and what is expected. */
export interface StatusQuestion {
  /** keys of the log, and of witnesses; without one of the log nobody vouches for its checkpoint */
  readonly verifiers: readonly VerifierKey[];
  /** undefined: anybody may have filed the reports */
  readonly auditors: Auditors | undefined;
  readonly promise: SourcePromise;
  /** how long a partition may be idle */
  readonly idleMs: number;
  /** it is a copy, which is judged at the time of its newest batch */
  readonly isCopy: boolean;
}

/** How many findings it is looked up for what they are about. */
const MOST_LOOKED_UP = 20;

/**
 * askStatus says how a ledger stands: what the newest reports say, how old everything is, and what comes from where. It reads the newest
 * checkpoint, a few reports, and some of the log's entries; it checks no segment.
 */
export async function askStatus(deps: StatusDeps, question: StatusQuestion): Promise<StatusReport> {
  const { store, tiles, now: clock } = deps;
  const { auditors, verifiers, promise, idleMs, isCopy } = question;
  const { unreadable, ask } = asking();
  const log = await ask<PublishedLog>('the log', () => openLog(tiles, question));
  const newest =
    (await ask<NewestReports>('the reports', () => findNewest(store, auditors, enteredIn(log)))) ?? NO_REPORTS;
  unreadable.push(...unsigned(newest, log));
  const now = isCopy && log !== undefined ? Date.parse(log.heads.time) : clock();

  const bundles = log && tiles && new Bundles(tiles, log.checkpoint);
  const activity =
    bundles &&
    (await ask<Activity>('entries of the log', () => readActivity(bundles, now, new Set(promise.expected.keys()))));
  const judged = activity && judgeSources(activity, promise, now);
  const partitions =
    log === undefined
      ? []
      : await partitionStatuses(
          store,
          {
            positions: log.heads.positions,
            partitions: activity?.partitions ?? new Map(),
            check: newest.integrity?.report,
            find: async (place) => bundles && entryOf(bundles, place),
          },
          (unread) => unreadable.push(unread),
        );

  const own = [
    ...judgeAges(log, newest, idleMs, now),
    ...((log && tiles && (await ask('the log', () => judgeReach(tiles, log, newest.integrity)))) ?? []),
    ...(judged?.findings ?? []),
  ];
  const { listed, omitted } = collectFindings(own, newest);
  const findings = bundles === undefined ? listed : await withAffected(listed, bundles);
  const standing = {
    integrity: newest.integrity?.report,
    posture: newest.posture?.report,
    isVouched: auditors !== undefined && (log?.signatures.length ?? 0) > 0,
    hasKeys: auditors !== undefined && verifiers.length > 0,
    isReadable: unreadable.length === 0,
    passedOver: newest.passedOver.length,
  };
  const status = outcomeOf(findings, standing);
  return {
    version: 1,
    kind: 'status',
    ledger: auditors?.ledger ?? log?.checkpoint.origin ?? newest.integrity?.report.ledger ?? null,
    time: new Date(now).toISOString(),
    isCopy,
    status,
    todo: todoOf(findings, standing, status),
    log: log === undefined ? null : describeLog(log),
    lastCheck: describeCheck(newest.integrity),
    lastFull: describeCheck(newest.full),
    lastFullAt: newest.integrity?.report.checked.lastFull ?? '',
    posture: describePosture(newest.posture),
    partitions,
    sources: judged?.sources ?? null,
    findings,
    findingsOmitted: omitted + (judged?.omitted ?? 0),
    notChecked: notChecked(question, newest, {
      judged,
      activity,
      copiedAt: isCopy ? { now, clock: clock() } : undefined,
    }),
    unreadable,
  };
}

const NO_REPORTS: NewestReports = { passedOver: [], isCut: false };
/** How many names are told. */
const MOST_NAMED = 5;

/** enteredIn gives how many reports a log has entries of. */
const enteredIn = (log: PublishedLog | undefined): number => log?.heads.documents.report ?? 0;

/** unsigned says which reports the log has an entry of, though what stands there now nobody signed who was named, or nothing does. */
function unsigned({ passedOver, isCut }: NewestReports, log: PublishedLog | undefined): Unreadable[] {
  const gone = passedOver.filter((name) => (parseReportName(name) ?? Infinity) < enteredIn(log));
  const why = 'the log has an entry of it, and it is gone, or no key that was given signed what is there';
  return [
    ...gone.slice(0, MOST_NAMED).map((object) => ({ object, why })),
    ...(gone.length > MOST_NAMED ? [{ object: `${gone.length - MOST_NAMED} more reports`, why }] : []),
    ...(isCut
      ? [
          {
            object: 'reports/',
            why: `${passedOver.length} names are taken by what nobody signed, and what stands before was not read`,
          },
        ]
      : []),
  ];
}

type Unreadable = StatusReport['unreadable'][number];

/** Asking asks one question after the other. One that can't be answered stands in `unreadable`, and the others go on. */
interface Asking {
  readonly unreadable: Unreadable[];
  readonly ask: <T>(object: string, question: () => Promise<T | string>) => Promise<T | undefined>;
}

function asking(): Asking {
  const unreadable: Unreadable[] = [];
  return {
    unreadable,
    ask: async (object, question) => {
      try {
        const answer = await question();
        if (typeof answer !== 'string') return answer;
        unreadable.push({ object, why: answer });
      } catch (error) {
        unreadable.push({ object, why: faultIn(error, 'malformed', 'unavailable', 'refused').message });
      }
      return undefined;
    },
  };
}

/** openLog opens the published log, which has to be the one of the ledger that the auditor's key is of, or says why it can't. */
async function openLog(
  tiles: StatusDeps['tiles'],
  { verifiers, auditors }: StatusQuestion,
): Promise<PublishedLog | string> {
  if (tiles === undefined) return 'its tiles are not there: say where with --tlog';
  const log = await openPublished(tiles, verifiers);
  if (typeof log === 'string' || auditors === undefined || log.checkpoint.origin === auditors.ledger) return log;
  // Whoever writes the tiles could publish another log whose key is trusted, too.
  const origin = JSON.stringify(log.checkpoint.origin).slice(0, 100);
  return `the published checkpoint is of the log ${origin}, and the auditor's key is of ${auditors.ledger}`;
}

const describeLog = ({ checkpoint, heads, signatures, cosignatures }: PublishedLog): StatusLog => ({
  size: checkpoint.size,
  root: formatHash(checkpoint.rootHash),
  time: heads.time,
  signedBy: signatures.map(({ keyName, keyId }) => `${keyName}+${keyId}`),
  cosignedBy: cosignatures.map(({ keyName, timestamp = 0 }) => ({ name: keyName, time: timeOf(timestamp) })),
});

/** A witness may state any time, of which Date knows the first 275,000 years; the epoch stands for the others. */
function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9999 ? new Date(0).toISOString() : time.toISOString();
}

function describeCheck(filed: Filed<Report> | undefined): StatusCheck | null {
  if (filed === undefined) return null;
  const { status, finished, checked } = filed.report;
  const { mode, segments, records } = checked;
  return { report: filed.name, status, mode: mode === 'full' ? 'full' : 'incremental', finished, segments, records };
}

function describePosture(filed: Filed<PostureReport> | undefined): StatusPosture | null {
  if (filed === undefined) return null;
  const { status, time, guard, drill } = filed.report;
  const policy = guard?.policy;
  const count = (outcome: string): number => (drill ?? []).filter((tried) => tried.outcome === outcome).length;
  return {
    report: filed.name,
    status,
    time,
    policy:
      guard === null || policy === undefined
        ? null
        : {
            state: policy.state,
            days: policy.days,
            extensionsLeft: Math.max(0, MAX_EXTENSIONS - extensionsOf(guard)),
          },
    isRead: guard !== null,
    holds: (guard?.tags ?? []).map(({ tag }) => tag),
    drill:
      drill === undefined ? null : { refused: count('refused'), done: count('done'), unverified: count('unverified') },
  };
}

/** withAffected says of the first findings that are about a segment what that holds, by its entry in the log. */
async function withAffected(findings: readonly StatusFinding[], bundles: Bundles): Promise<StatusFinding[]> {
  const described: StatusFinding[] = [];
  for (const finding of findings) {
    // The object of a silent source is a name that whoever sends events made up.
    const isNamed = finding.report !== undefined || finding.code === 'partition-silent';
    const place = isNamed && described.length < MOST_LOOKED_UP ? parseSegmentName(finding.object) : undefined;
    const affected = place && (await affectedBy(bundles, place));
    described.push(affected === undefined ? finding : { ...finding, affected });
  }
  return described;
}

async function affectedBy(bundles: Bundles, place: SegmentPlace): Promise<Affected | undefined> {
  const entry = await entryOf(bundles, place);
  if (entry === undefined) return undefined;
  const { records, time, categories } = entry;
  return { records: records.count, from: time.first, to: time.last, categories: Object.fromEntries(categories) };
}

/** entryOf looks the entry of a segment up; undefined where it has none, or the tiles can't be read. */
async function entryOf(bundles: Bundles, place: SegmentPlace): Promise<SegmentEntry | undefined> {
  try {
    return await bundles.find(place);
  } catch (error) {
    faultIn(error, 'malformed', 'unavailable', 'refused');
    return undefined;
  }
}

/** Told is what notChecked speaks of beside the question. */
interface Told {
  readonly judged: JudgedSources | undefined;
  readonly activity: Activity | undefined;
  /** of a copy, its own time and the one here (ms since 1970) */
  readonly copiedAt: { readonly now: number; readonly clock: number } | undefined;
}

/** notChecked says in words what the outcome doesn't cover. */
function notChecked(
  { verifiers, auditors }: StatusQuestion,
  { integrity, posture }: NewestReports,
  { judged, activity, copiedAt }: Told,
): string[] {
  const { sampled } = judged?.sources ?? {};
  const age = copiedAt && ageOf(new Date(copiedAt.now).toISOString(), copiedAt.clock);
  return [
    'no segment was looked into: whether all of them are whole is what the last check says',
    ...(verifiers.length === 0 ? ['no key of the log was given, so anybody may have made its checkpoint'] : []),
    ...(auditors === undefined ? ['no key of the auditor was given, so anybody may have filed the reports'] : []),
    ...(age === undefined
      ? []
      : [`this is of a copy, whose newest batch was made ${age}: how the ledger itself stands now is not known here`]),
    ...(integrity === undefined ? ['none of the newest reports is of a check'] : []),
    ...(posture === undefined
      ? ['none of the newest reports is of posture: policy, holds and drill are not known']
      : []),
    ...(sampled !== undefined && sampled.read < sampled.of
      ? [`of the days before the last one, ${sampled.read} of ${sampled.of} entry bundles were read, evenly spaced`]
      : []),
    ...((activity?.beyond ?? 0) > 0 ? [`${activity?.beyond} records of further categories were not told apart`] : []),
    'sources are told apart by the category of their records, and not by resource',
  ];
}
