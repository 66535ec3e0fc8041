import { faultIn } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { pageName, parseReportName, reportName } from '../core/objects/names.ts';
import type { FiledReport, Finding, Report } from '../core/objects/report.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';
import { firstFree } from './dense.ts';
import type { Logger } from '../ports/host.ts';
import { WHY_UNREAD, isSame } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

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

/** MalformedReport is what has the name of a report and isn't one, and why. */
export interface MalformedReport {
  readonly name: string;
  readonly why: string;
}

/** NewestReport is what a search found: no anchor if there is none. */
export interface NewestReport {
  readonly anchor?: Anchor;
  readonly malformed: readonly MalformedReport[];
}

/**
 * newestReport finds the newest JSON report of kind integrity, and names those that it passes over and that are none of
 * any kind: not whole, or of a time to come. Such a one could otherwise keep full checks from happening.
 *
 * It asks which names exist, as ingest does for segments. Where the name right before one that it looks at is free, the
 * listing decides where the first free one is. Two names in a row that somebody planted where the search looks still mislead
 * it, until a full check says that they stand behind a hole.
 */
export async function newestReport(store: ObjectStore, now: number): Promise<NewestReport> {
  const malformed: MalformedReport[] = [];
  const isTaken = (number: number): Promise<boolean> => store.exists(reportName(number));
  let isListed = false;
  for (let number = (await firstFree(isTaken)) - 1; number >= 0; number--) {
    if (!isListed && number > 0 && !(await isTaken(number - 1))) {
      isListed = true;
      number = await firstFreeListed(store, 0);
      continue;
    }
    const name = reportName(number);
    const report = readFiled(await store.read(name), now);
    if (typeof report === 'string') malformed.push({ name, why: report });
    else if (report.kind === 'integrity') return { anchor: { name, report }, malformed };
  }
  return { malformed };
}

/** readFiled gives the report that was read, or says why it is none. No time in one is ahead of the clock. */
function readFiled(bytes: Buffer | Unread | undefined, now: number): FiledReport | string {
  if (bytes === undefined) return 'it was there, and is gone';
  if (typeof bytes === 'string') return WHY_UNREAD[bytes];
  let report: FiledReport;
  try {
    report = parseFiledReport(bytes);
  } catch (error) {
    return faultIn(error, 'malformed').message;
  }
  const time = report.kind === 'integrity' ? report.finished : report.time;
  if (Date.parse(time) > now + CLOCK_SKEW_MS) return `it is dated ${time}, which is ahead of the clock`;
  if (report.kind === 'integrity' && Date.parse(report.checked.lastFull) > Date.parse(time))
    return `it is dated ${time}, before the end of the last full check that it states`;
  return report;
}

/** ComposedReport is what is filed: a report, and its page if it has one. */
export interface ComposedReport {
  readonly json: Buffer;
  readonly page?: Buffer;
}

/**
 * fileReport files a report under the first number that is free from `from` on, and gives its name. `compose` makes it for a
 * name, which its page says.
 *
 * The listing decides what is free, so that a hole, at which the log stops, is filled. Durable point: the JSON. Without its
 * page, which is made from it, the next check still goes on from it.
 */
export async function fileReport(
  store: Pick<ObjectStore, 'create' | 'list' | 'read'>,
  compose: (name: string) => ComposedReport,
  from = 0,
): Promise<string> {
  for (let number = await firstFreeListed(store, from); ; number++) {
    const name = reportName(number);
    const { json, page } = compose(name);
    // After a lost response the name is taken by what was just written.
    if ((await store.create(name, json)) === 'exists' && !isSame(await store.read(name), json)) continue;
    if (page !== undefined) await store.create(pageName(number), page);
    return name;
  }
}

async function firstFreeListed(store: Pick<ObjectStore, 'list'>, from: number): Promise<number> {
  let free = from;
  for await (const { name } of store.list('reports/', reportName(from))) {
    const number = parseReportName(name);
    if (number === free) free += 1;
    else if (number !== undefined && number > free) break;
  }
  return free;
}
