import { Findings } from './findings.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName, parseReportName, reportName } from '../core/objects/names.ts';
import type { Report } from '../core/objects/report.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';
import { readBatch } from '../ledger/batches.ts';
import { firstFree } from '../ledger/dense.ts';
import type { Anchor } from '../ledger/reports.ts';
import type { ObjectStore } from '../ports/store.ts';

/** EarlierFindings is what reports found that an incremental check repeats, besides what its anchor does. */
export type EarlierFindings = Pick<Report, 'findings' | 'findingsOmitted'>;

/** More reports than a ledger gets between two checks. */
const MAX_REPORTS = 1000;

/**
 * earlierFindings gives what all reports of kind integrity found that were filed since a time (ms since the Unix epoch), up to
 * the anchor. Whoever may create objects can file a report that found nothing, or is dated as suits him, and can't take away
 * those before it. It gives undefined if there are too many to read, or one can't be read.
 *
 * What was filed before that time is known by the log: each batch says when it was made, and how many reports it knew.
 */
export async function earlierFindings(
  store: ObjectStore,
  anchor: Anchor,
  since: number,
): Promise<EarlierFindings | undefined> {
  try {
    const first = await reportsBefore(store, since);
    const end = parseReportName(anchor.name) ?? 0;
    return end - first > MAX_REPORTS ? undefined : await findingsBetween(store, first, end);
  } catch (error) {
    faultIn(error, 'unavailable', 'refused');
    return undefined;
  }
}

async function findingsBetween(store: ObjectStore, first: number, end: number): Promise<EarlierFindings> {
  const known = new Findings();
  let findingsOmitted = 0;
  for (let number = first; number < end; number++) {
    const bytes = await store.read(reportName(number));
    const report = typeof bytes === 'object' ? attempt(() => parseFiledReport(bytes), 'malformed') : undefined;
    if (report?.kind !== 'integrity') continue;
    known.repeat(report.findings);
    findingsOmitted = Math.max(findingsOmitted, report.findingsOmitted);
  }
  return { findings: known.listed, findingsOmitted: Math.max(findingsOmitted, known.omitted) };
}

/** reportsBefore gives how many reports the log had at a time: every report that was filed later has a higher number. */
async function reportsBefore(store: ObjectStore, time: number): Promise<number> {
  // Not the newest batch: it may wait for its checkpoint, and be anybody's.
  const end = (await firstFree((number) => store.exists(batchName(number)))) - 1;
  let reports = 0;
  let [low, high] = [0, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const heads = await headsAt(store, middle);
    if (heads !== undefined && Date.parse(heads.time) <= time) {
      reports = heads.documents.report;
      low = middle + 1;
    } else high = middle;
  }
  return reports;
}

async function headsAt(store: ObjectStore, number: number): Promise<LogPosition | undefined> {
  try {
    return headsOf((await readBatch(store, number)).entries);
  } catch (error) {
    faultIn(error, 'malformed', 'contradicted');
    return undefined;
  }
}
