import { findEnd } from './dense.ts';
import { judgeReport } from './reports.ts';
import { parseReportName, reportName } from '../core/objects/names.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { PostureReport, Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { StatusReport } from '../core/objects/statusReport.ts';
import type { ObjectStore } from '../ports/store.ts';

/** How many reports that the auditor signed are looked at for the newest one of a kind, and how many names at most. */
const MOST_REPORTS = 200;
const MOST_READS = 1000;

/** Filed is a report, and its name. */
export interface Filed<R> {
  readonly name: string;
  readonly report: R;
}

/** NewestReports is the newest report of each kind that the auditor signed. */
export interface NewestReports {
  readonly integrity?: Filed<Report>;
  /** the newest one of a full check */
  readonly full?: Filed<Report>;
  readonly posture?: Filed<PostureReport>;
  /** names before the newest check that have no report which the auditor signed */
  readonly passedOver: readonly string[];
  /** so many names were read that it is not known what stands before them */
  readonly isCut: boolean;
}

type Found = { -readonly [Kind in 'integrity' | 'full' | 'posture']: NewestReports[Kind] };

/**
 * findNewest finds the newest report of each kind, whoever else has taken names of reports. A report of kind status names those that it
 * knew, so with it nobody has to look further back. Without `auditors` anybody may have signed them. The log has entries of the first
 * `entered` reports, so those names are looked at, too, where nothing is left there.
 */
export async function findNewest(
  store: Pick<ObjectStore, 'read' | 'exists' | 'list'>,
  auditors: Auditors | undefined,
  entered = 0,
): Promise<NewestReports> {
  const open = async (number: number): Promise<FiledReport | 'foreign' | undefined> => {
    const bytes = await store.read(reportName(number));
    if (bytes === undefined) return undefined;
    const report = judgeReport(bytes, reportName(number), auditors);
    return typeof report === 'object' ? report : 'foreign';
  };
  const { free, newest } = await findEnd({
    isTaken: (number) => store.exists(reportName(number)),
    list: (least) => numbersFrom(store, least),
    open,
  });
  const found: Found = { integrity: undefined, full: undefined, posture: undefined };
  const passedOver: string[] = [];
  const isDone = (): boolean => found.full !== undefined && found.posture !== undefined;
  let [signed, reads] = [0, 0];
  const last = Math.max(free, entered, (newest?.number ?? -1) + 1) - 1;
  for (let number = last; number >= 0 && !isDone() && signed < MOST_REPORTS; number--) {
    if (++reads > MOST_READS) return resultOf(found, passedOver, true);
    const report = number === newest?.number ? newest.opened : await open(number);
    if (typeof report !== 'object') {
      if (found.integrity === undefined) passedOver.push(reportName(number));
      continue;
    }
    signed += 1;
    keep(found, reportName(number), report);
    if (report.kind === 'status') await keepNamed(found, report, number, open);
  }
  return resultOf(found, passedOver, false);
}

const resultOf = (
  { integrity, full, posture }: Found,
  passedOver: readonly string[],
  isCut: boolean,
): NewestReports => ({
  ...(integrity !== undefined && { integrity }),
  ...(full !== undefined && { full }),
  ...(posture !== undefined && { posture }),
  passedOver,
  isCut,
});

function keep(found: Found, name: string, report: FiledReport): void {
  if (report.kind === 'integrity') {
    found.integrity ??= { name, report };
    if (report.checked.mode === 'full') found.full ??= { name, report };
  } else if (report.kind === 'posture') found.posture ??= { name, report };
}

/** keepNamed takes the reports that a status names: whatever is newer was looked at before. */
async function keepNamed(
  found: Found,
  { lastCheck, lastFull, posture }: StatusReport,
  before: number,
  open: (number: number) => Promise<FiledReport | 'foreign' | undefined>,
): Promise<void> {
  for (const named of [lastCheck, lastFull, posture]) {
    const number = parseReportName(named?.report ?? '');
    if (number === undefined || number >= before) continue;
    const report = await open(number);
    if (typeof report === 'object') keep(found, reportName(number), report);
  }
}

async function* numbersFrom(store: Pick<ObjectStore, 'list'>, least: number): AsyncGenerator<number> {
  for await (const { name } of store.list('reports/', reportName(least))) {
    const number = parseReportName(name);
    if (number !== undefined) yield number;
  }
}
