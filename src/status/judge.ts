import { CLOCK_SKEW_MS, FULL_AGE_MS, POSTURE_AGE_MS, VERIFY_AGE_MS } from '../core/limits.ts';
import { NEWEST_CHECKPOINT, segmentName } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { Finding, FindingCode, PostureReport, Report, Status } from '../core/objects/report.ts';
import type { StatusFinding, Todo } from '../core/objects/statusReport.ts';
import { parseHash } from '../core/hash.ts';
import { HOUR_MS } from '../core/units.ts';
import type { Filed, NewestReports } from '../ledger/newestReports.ts';
import type { PublishedLog } from '../ledger/published.ts';
import { hasGrownFrom } from '../ledger/treeProof.ts';
import type { TileStore } from '../ports/store.ts';

const error = (code: FindingCode, object: string, detail: string): Finding => ({
  code,
  severity: 'error',
  object,
  detail,
});

/** judgeAges says what of a ledger is older than it may be; of a copy, at the time of its newest batch. `idleMs` is how long a partition may be idle. */
export function judgeAges(
  log: PublishedLog | undefined,
  { integrity, posture }: NewestReports,
  idleMs: number,
  now: number,
): Finding[] {
  const found: Finding[] = [];
  const isOld = (time: string, mostMs: number): boolean => {
    const age = now - Date.parse(time);
    return age > mostMs || age < -CLOCK_SKEW_MS;
  };
  if (log !== undefined) {
    const { time, positions } = log.heads;
    if (isOld(time, idleMs))
      found.push(error('checkpoint-stale', NEWEST_CHECKPOINT, `its batch was made at ${time}: ${ageOf(time, now)}`));
    for (const [partition, { index, sealed }] of positions)
      if (index >= 0 && isOld(sealed, idleMs))
        found.push(
          error(
            'partition-silent',
            segmentName(partition, index),
            now < Date.parse(sealed)
              ? `it is the newest of its partition, sealed at ${sealed}: ${ageOf(sealed, now)}`
              : `it is the newest of its partition, sealed at ${sealed}: not even a heartbeat came behind it`,
          ),
        );
  }
  if (integrity !== undefined && isOld(integrity.report.finished, VERIFY_AGE_MS))
    found.push(stale(integrity.name, integrity.report.finished, { what: 'check', mostMs: VERIFY_AGE_MS, now }));
  const fullAt = integrity?.report.checked.lastFull ?? '';
  if (integrity !== undefined && now - Date.parse(fullAt) > FULL_AGE_MS)
    found.push(stale(integrity.name, fullAt, { what: 'full check', mostMs: FULL_AGE_MS, now }));
  if (posture !== undefined && isOld(posture.report.time, POSTURE_AGE_MS))
    found.push(
      stale(posture.name, posture.report.time, { what: 'look at what guards the ledger', mostMs: POSTURE_AGE_MS, now }),
    );
  return found;
}

interface Due {
  readonly what: string;
  readonly mostMs: number;
  readonly now: number;
}

function stale(name: string, time: string, { what, mostMs, now }: Due): Finding {
  const due = `one is due every ${mostMs / HOUR_MS} hours at least`;
  return error('report-stale', name, `it is of the last ${what}, at ${time}: ${ageOf(time, now)}, and ${due}`);
}

/** ageOf says how long before `now` (ms since 1970) a time was. */
export function ageOf(time: string, now: number): string {
  const hours = (now - Date.parse(time)) / HOUR_MS;
  if (hours < 0) return 'that is still to come, so a clock is wrong';
  if (hours < 1) return `${Math.floor(hours * 60)} minutes ago`;
  return hours < 72 ? `${Math.floor(hours)} hours ago` : `${Math.floor(hours / 24)} days ago`;
}

/** judgeReach says whether the published log reaches as far as the newest check found it, and continues that. It throws TILE_MALFORMED. */
export async function judgeReach(
  tiles: Pick<TileStore, 'read'>,
  { checkpoint }: PublishedLog,
  check: Filed<Report> | undefined,
): Promise<Finding[]> {
  const head = check?.report.log?.head;
  if (head === null || head === undefined || check === undefined) return [];
  const known = `${check.name} found one of ${head.size} entries`;
  if (checkpoint.size < head.size)
    return [error('checkpoint-stale', NEWEST_CHECKPOINT, `it is of ${checkpoint.size} entries, and ${known}`)];
  const rootHash = parseHash(head.root);
  if (rootHash !== undefined && (await hasGrownFrom(tiles, { size: head.size, rootHash }, checkpoint))) return [];
  const why = `it does not continue the one of ${head.size} entries that the newest check found`;
  return [error('checkpoint-inconsistent', NEWEST_CHECKPOINT, why)];
}

/** How many findings of the reports are listed, and how many of one code: so who makes many of one hides no other. */
const MOST_FINDINGS = 100;
const MOST_OF_A_CODE = 20;

/** CollectedFindings is the findings of all reports and of the status itself. */
export interface CollectedFindings {
  readonly listed: readonly StatusFinding[];
  readonly omitted: number;
}

/**
 * collectFindings lists the findings, the most urgent first: all of the status itself, and of the reports as many as there is room for. The
 * status states none again that a report states of the same object.
 */
export function collectFindings(own: readonly Finding[], { integrity, posture }: NewestReports): CollectedFindings {
  const reported = [integrity, posture].flatMap((filed): StatusFinding[] =>
    filed === undefined ? [] : filed.report.findings.map((finding) => ({ ...finding, report: filed.name })),
  );
  const subjectOf = ({ code, object }: Finding): string => JSON.stringify([code, object]);
  const stated = new Set(reported.map(subjectOf));
  const mine = own.filter((finding) => !stated.has(subjectOf(finding)));
  const counts = new Map<string, number>();
  const listed = reported
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .filter((finding) => {
      const kind = `${finding.code} ${isAcknowledged(finding)}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return (counts.get(kind) ?? 0) <= MOST_OF_A_CODE;
    })
    .slice(0, MOST_FINDINGS);
  const omitted =
    reported.length -
    listed.length +
    (integrity?.report.findingsOmitted ?? 0) +
    (posture?.report.coverage?.findingsOmitted ?? 0);
  return { listed: [...mine, ...listed].toSorted((a, b) => rankOf(a) - rankOf(b)), omitted };
}

/** From the most urgent on: evidence that is damaged or gone, then what stands still, then what guards it, then the rest. */
const URGENT: readonly FindingCode[] = [
  'checkpoint-inconsistent',
  'chain-broken',
  'segment-missing',
  'segment-changed',
  'segment-malformed',
  'entry-mismatch',
  'sequence-overlap',
  'checkpoint-invalid',
  'drill-failed',
  'policy-missing',
  'partition-silent',
  'checkpoint-stale',
  'report-stale',
  'not-integrated',
  'sequence-gap',
  'hub-recreated',
];
/** What is so by choice until somebody decides comes after all other errors. */
const LAST: readonly FindingCode[] = ['policy-unlocked'];

function rankOf(finding: Finding): number {
  const { code, severity } = finding;
  const place = URGENT.indexOf(code);
  const urgency = place >= 0 ? place : LAST.includes(code) ? URGENT.length + 1 : URGENT.length;
  const group = isAcknowledged(finding) ? 3 : severity === 'error' ? 0 : code === 'source-silent' ? 1 : 2;
  return group * 100 + urgency;
}

/** Standing is what decides the outcome beside the findings. */
export interface Standing {
  readonly integrity: Report | undefined;
  readonly posture: PostureReport | undefined;
  /** whether a key of the log and one of the auditor were given */
  readonly isVouched: boolean;
  /** whether any key was given of the log, and of the auditor */
  readonly hasKeys: boolean;
  readonly isReadable: boolean;
  /** names of reports that nobody who was named signed */
  readonly passedOver: number;
}

/** outcomeOf gives the outcome: a report that says violated counts even where its findings are only counted. */
export function outcomeOf(
  findings: readonly Finding[],
  { integrity, posture, isVouched, isReadable }: Standing,
): Status {
  const isError = (finding: Finding): boolean => finding.severity === 'error' && !isAcknowledged(finding);
  if (findings.some(isError) || integrity?.status === 'violated' || posture?.status === 'violated') return 'violated';
  const isUnknown = integrity?.status !== 'verified' || posture?.status === 'unverified';
  return isUnknown || !isVouched || !isReadable ? 'unverified' : 'verified';
}

/** todoOf gives the one thing to do next: the most urgent finding, or what keeps the outcome unknown. */
export function todoOf(findings: readonly StatusFinding[], standing: Standing, status: Status): Todo | null {
  const [first] = findings;
  const isToDo = first?.severity === 'error' || (first?.code === 'source-silent' && status === 'verified');
  if (first !== undefined && !isAcknowledged(first) && isToDo) {
    const same = findings.filter(({ code, severity }) => code === first.code && severity === first.severity).length;
    const more = same > 1 ? ` (and ${same - 1} more)` : '';
    return { what: `${first.code}: ${first.object}: ${first.detail}${more}`, section: first.code };
  }
  if (status === 'violated')
    return { what: 'a report says violated, and its findings are not listed', section: 'status-is-not-known' };
  if (status === 'verified') return null;
  const section = 'status-is-not-known';
  if (!standing.hasKeys)
    return { what: "nobody vouches for this: give the log's key (--key) and the auditor's (--auditor-key)", section };
  if (!standing.isVouched)
    return {
      what: 'no key that was given signed the published checkpoint: is it the key of this log (--key)?',
      section,
    };
  if (standing.integrity === undefined && standing.passedOver > 0)
    return {
      what: `reports are there, and no key that was given signed the newest ${standing.passedOver}: is it the key of this ledger's auditor (--auditor-key)?`,
      section,
    };
  if (standing.integrity === undefined)
    return { what: 'no check is filed yet: see whether verify runs', section: 'report-stale' };
  return { what: 'something could not be read: see what is listed there', section: 'status-is-not-known' };
}
