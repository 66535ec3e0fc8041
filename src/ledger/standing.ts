/**
 * Which findings of a run are new, and which stand since the runs before. Alerts are raised from new ones, so this errs on that side: what no
 * signed report lists as not acknowledged is new.
 */
import { firstFree, judgeReport, readDown } from './reports.ts';
import type { Filing } from './reports.ts';
import { NEWEST_CHECKPOINT } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import { UNTOLD } from '../core/objects/statusReport.ts';
import type { StatusReport } from '../core/objects/statusReport.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { Finding, FindingCode } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { Logger } from '../ports/host.ts';

/** Reports of a kind that are read, at most: one, and those before it while it could not read something. */
const MOST_REPORTS = 3;

/** Whoever may create objects can take numbers of reports. Beyond so many reads nothing is known, and all is new. */
const MOST_READS = 1000;

/** KnownFindings is what the last reports of a kind list. */
export interface KnownFindings {
  /** by subject: how bad it was, or that an operator had acknowledged it */
  readonly seen: ReadonlyMap<string, Seen>;
  /** findings beyond those listed */
  readonly omitted: number;
}

type Seen = Finding['severity'] | 'acknowledged';

const RANK: Readonly<Record<Seen, number>> = { acknowledged: 0, warning: 1, error: 2 };

/**
 * knownFindings reads the newest report of a kind that an auditor signed, whether or not the log has its entry yet: while nothing is
 * integrated, no report gets one. If it couldn't read something, what it lacks needn't be gone, so the one before it counts too.
 */
export async function knownFindings(
  { store, entered }: Pick<Filing, 'store' | 'entered'>,
  auditors: Auditors,
  kind: FiledReport['kind'],
): Promise<KnownFindings> {
  const seen = new Map<string, Seen>();
  let omitted = 0;
  let reports = 0;
  let reads = 0;
  for await (const { name, bytes } of readDown(store, await firstFree(store, entered))) {
    reads += 1;
    const report = judgeReport(bytes, name, auditors);
    if (typeof report === 'object' && report.kind === kind) {
      const stated = statedIn(report);
      omitted = Math.max(omitted, stated.omitted);
      // What a later report says of a finding counts.
      for (const [subject, how] of worstOf(stated.findings)) if (!seen.has(subject)) seen.set(subject, how);
      reports += 1;
      if (report.unreadable.length === 0) break;
    }
    if (reports === MOST_REPORTS || reads === MOST_READS) break;
  }
  return { seen, omitted };
}

/** Stated is what of a report alerts are raised from. */
interface Stated {
  readonly findings: readonly Finding[];
  readonly omitted: number;
}

/**
 * statedIn leaves out warnings of a posture, of which some describe a choice that was made at deployment, and of a status what the
 * reports state that it repeats.
 */
function statedIn(report: FiledReport): Stated {
  if (report.kind === 'integrity') return { findings: report.findings, omitted: report.findingsOmitted };
  if (report.kind === 'status') {
    const own = report.findings.filter(({ report: of }) => of === undefined);
    return { findings: own, omitted: silentBeyond(report) };
  }
  const { findings, coverage } = report;
  // Errors come before warnings, so where a warning is listed no error is left out.
  const isCut = !findings.some(({ code, severity }) => code === 'not-routed' && severity === 'warning');
  return {
    findings: findings.filter(({ severity }) => severity === 'error'),
    omitted: isCut ? (coverage?.findingsOmitted ?? 0) : 0,
  };
}

/** silentBeyond gives how many sources of a status are silent beyond those that its findings list. */
export function silentBeyond({ sources, findings }: StatusReport): number {
  const listed = findings.filter(({ code, object }) => code === 'source-silent' && object !== UNTOLD).length;
  return Math.max(0, (sources?.silent ?? 0) - listed);
}

const seenAs = (finding: Finding): Seen => (isAcknowledged(finding) ? 'acknowledged' : finding.severity);

function worstOf(findings: readonly Finding[]): ReadonlyMap<string, Seen> {
  const worst = new Map<string, Seen>();
  for (const finding of findings) {
    const [subject, how] = [subjectOf(finding), seenAs(finding)];
    const before = worst.get(subject);
    if (before === undefined || RANK[how] > RANK[before]) worst.set(subject, how);
  }
  return worst;
}

/** firstClause is what stays of a detail that goes on with an age, or with the name of the newest report. */
const firstClause = (detail: string): string => detail.split(/: |, /, 1).join('');

/**
 * What tells a finding from others besides its code, where it isn't object and detail: left out is what each run states anew of what
 * stands, such as times by the clock of who checks, how many more there are, the newest checkpoint, and today's canary.
 */
const SUBJECTS: { readonly [C in FindingCode]?: (finding: Finding) => string } = {
  'clock-ahead': ({ object }) => object.slice(0, object.lastIndexOf('/') + 1),
  'not-integrated': ({ object }) => object,
  // A status, which knows the published one by this name, says how old it is.
  'checkpoint-stale': ({ object, detail }) =>
    `${object}: ${object === NEWEST_CHECKPOINT ? firstClause(detail) : detail}`,
  'checkpoint-uncosigned': ({ detail }) => detail,
  'drill-failed': ({ detail }) => detail,
  'report-stale': ({ detail }) => firstClause(detail),
  'source-silent': ({ object }) => object,
};

const subjectOf = (finding: Finding): string => {
  const { code, object, detail } = finding;
  return JSON.stringify([code, SUBJECTS[code]?.(finding) ?? [object, detail]]);
};

/** isStanding tells whether a report before stated a finding that nobody has acknowledged, as bad as it is now. */
export const isStanding = (finding: Finding, { seen }: KnownFindings): boolean =>
  RANK[seen.get(subjectOf(finding)) ?? 'acknowledged'] >= RANK[finding.severity];

/** LoggedFindings is how many findings, of those that nobody acknowledged, are new and how many stand. */
interface LoggedFindings {
  readonly newFindings: number;
  readonly standingFindings: number;
}

/**
 * logFindings logs a line for each finding that a report lists. It must be called before the report is filed: whoever dies between the
 * two says it again.
 */
export function logFindings(log: Logger, report: FiledReport, known: KnownFindings): LoggedFindings {
  const { findings: all, omitted } = statedIn(report);
  // A category is of records, of which nothing is logged.
  const findings = all.filter(({ code }) => code !== 'source-silent');
  let newFindings = 0;
  let standingFindings = 0;
  for (const finding of findings) {
    const { code, object, acknowledged } = finding;
    if (acknowledged !== undefined) log.info('acknowledged finding', { code, object, action: acknowledged.action });
    else if (isStanding(finding, known)) {
      log.warn('standing finding', { code, object });
      standingFindings += 1;
    } else {
      log.error('finding', { code, object });
      newFindings += 1;
    }
  }
  // Of silent sources the job speaks that asks.
  if (report.kind !== 'status' && omitted > known.omitted)
    log.error('more findings than a report lists', { omitted, before: known.omitted });
  return { newFindings, standingFindings };
}
