import { attempt } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { isReportName, reportName } from '../core/objects/names.ts';
import type { FiledReport, Finding, Report } from '../core/objects/report.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

/** logFindings logs a line for each finding: alerts are raised from them. */
export function logFindings(log: Logger, findings: readonly Finding[]): void {
  for (const { code, object } of findings) log.error('finding', { code, object });
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
  const bytes = await store.read(name);
  return typeof bytes === 'object' ? attempt(() => parseFiledReport(bytes), 'malformed') : undefined;
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
