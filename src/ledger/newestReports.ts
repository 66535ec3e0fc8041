import { findEnd } from './dense.ts';
import { judgeReport } from './reports.ts';
import { parseReportName, reportName } from '../core/objects/names.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { PostureReport, Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { ObjectStore } from '../ports/store.ts';

/** How many reports are looked at for the newest one of a kind. */
const MOST_REPORTS = 200;

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
}

/**
 * findNewest finds the newest report of each kind, whoever else has taken names of reports, among the last 200. Without `auditors`
 * anybody may have signed them.
 */
export async function findNewest(
  store: Pick<ObjectStore, 'read' | 'exists' | 'list'>,
  auditors: Auditors | undefined,
): Promise<NewestReports> {
  const open = async (number: number): Promise<FiledReport | 'foreign' | undefined> => {
    const bytes = await store.read(reportName(number));
    if (bytes === undefined) return undefined;
    const report = judgeReport(bytes, reportName(number), auditors);
    return typeof report === 'object' ? report : 'foreign';
  };
  const { newest } = await findEnd({
    isTaken: (number) => store.exists(reportName(number)),
    list: (least) => numbersFrom(store, least),
    open,
  });
  const found: { -readonly [Kind in keyof NewestReports]: NewestReports[Kind] } = {};
  const last = newest?.number ?? -1;
  for (let number = last; number >= Math.max(0, last - MOST_REPORTS); number--) {
    const report = number === last ? newest?.opened : await open(number);
    const name = reportName(number);
    if (typeof report !== 'object') continue;
    if (report.kind === 'integrity') {
      found.integrity ??= { name, report };
      if (report.checked.mode === 'full') found.full ??= { name, report };
    } else if (report.kind === 'posture') found.posture ??= { name, report };
    if (found.full !== undefined && found.posture !== undefined) break;
  }
  return found;
}

async function* numbersFrom(store: Pick<ObjectStore, 'list'>, least: number): AsyncGenerator<number> {
  for await (const { name } of store.list('reports/', reportName(least))) {
    const number = parseReportName(name);
    if (number !== undefined) yield number;
  }
}
