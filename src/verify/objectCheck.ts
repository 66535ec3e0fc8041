import { readFor } from './context.ts';
import type { Context } from './context.ts';
import { sayForeign } from './foreignName.ts';
import type { VerifyOptions } from './options.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import {
  LOG_FOLDERS,
  batchName,
  checkpointName,
  cosignaturePrefix,
  isKnownName,
  pageName,
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
  parsePageName,
  parseReportName,
  parseSegmentName,
  reportName,
} from '../core/objects/names.ts';
import { timeOfReport } from '../core/objects/filedReport.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import { Semaphore, mapInOrder } from '../ledger/concurrency.ts';
import { judgeReport } from '../ledger/reports.ts';
import { GONE } from '../ports/store.ts';

/** How many reports are read at one time. */
const REPORTS_AHEAD = 8;
/** Pages have no limit but that of all objects, so one is read at a time. */
const PAGES = new Semaphore(1);

/** Objects that are checked where the log is followed, or as actions. */
const CHECKED_ELSEWHERE: readonly ((name: string) => unknown)[] = [
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
];

/** checkOtherObjects looks at the names of all objects outside segments/, and into the pages of reports. */
export async function checkOtherObjects(
  context: Context,
  options: VerifyOptions,
  lacksReport: (number: number) => boolean,
): Promise<void> {
  for await (const { name, isFolder } of context.store.children('')) {
    if (name === 'segments/') continue;
    const names = isFolder ? context.store.list(name, seenUpTo(name, options)) : [{ name }];
    await checkNames(context, options, names, lacksReport);
  }
}

/** checkLogNames looks at the names of the log's objects and of actions alone. */
export async function checkLogNames(context: Context): Promise<void> {
  for (const folder of LOG_FOLDERS.toSorted()) await checkNames(context, {}, context.store.list(folder));
}

/** Listed is what a listing says of an object: where it gives names alone, no size. */
interface Listed {
  readonly name: string;
  readonly size?: number;
}

/** checkNames looks at the names of objects that stand in no partition's folder. */
export async function checkNames(
  context: Context,
  options: VerifyOptions,
  listed: AsyncIterable<Listed> | Iterable<Listed>,
  lacksReport: (number: number) => boolean = () => false,
): Promise<void> {
  const { findings, tally } = context;
  const objects = mapInOrder(listed, REPORTS_AHEAD, async (object) => {
    return { object, fit: await checkReportObject(context, options, object.name) };
  });
  let next = firstReport(options);
  for await (const { object, fit } of objects) {
    const { name } = object;
    const number = parseReportName(name);
    if (number !== undefined) {
      // What is no report has a finding of its own, and no number.
      if (number !== next && typeof fit !== 'object') findings.hole({ type: 'report', number });
      next = number + 1;
    }
    if (CHECKED_ELSEWHERE.some((parse) => parse(name) !== undefined)) continue;
    if (!isKnownName(name) || parseSegmentName(name) !== undefined) await sayForeign(context, object);
    else if (typeof fit === 'object') findings.error('foreign-object', name, fit.fault);
    else if (fit === 'not looked into') tally.otherObjects += 1;
    else if (number !== undefined) {
      tally.reports += 1;
      if (context.auditors !== undefined && lacksReport(number)) tally.reportsWithoutEntry.push(name);
    }
  }
}

/** seenUpTo says where an incremental check begins to list a folder, so that it lists no more in an old ledger. */
function seenUpTo(folder: string, { anchor, isIncremental = false }: VerifyOptions): string {
  if (!isIncremental || anchor === undefined) return '';
  const report = firstReport({ anchor, isIncremental });
  if (folder === 'reports/') return report === 0 ? '' : reportName(report);
  const number = anchor.report.log?.head?.number;
  if (number === undefined) return '';
  const names = [batchName(number), checkpointName(number), cosignaturePrefix(number)];
  return names.find((name) => name.startsWith(folder)) ?? '';
}

/** firstReport is the number of the first report that a check lists. */
const firstReport = ({ anchor, isIncremental = false }: VerifyOptions): number =>
  (isIncremental && anchor !== undefined && parseReportName(anchor.name)) || 0;

/** What is known of a report or a page: it is what its name says, nobody could look into it, or what is wrong. */
type Fit = 'fits' | 'not looked into' | { readonly fault: string };

/** checkReportObject looks into a report and, in a check that begins at the first segments, into a page. */
async function checkReportObject(context: Context, options: VerifyOptions, name: string): Promise<Fit> {
  if (parseReportName(name) !== undefined) return checkReport(context, name);
  const page = parsePageName(name);
  return page === undefined || options.isIncremental === true ? 'not looked into' : checkPage(context, page);
}

async function checkReport(context: Context, name: string): Promise<Fit> {
  const report = await readReport(context, name);
  if (report === 'unreadable') return 'not looked into';
  if (report === undefined) return { fault: GONE };
  if ('fault' in report) return { fault: `it has the name of a report: ${report.fault}` };
  const { report: filed } = report;
  context.clock.date('report', name, timeOfReport(filed));
  return 'fits';
}

/** checkPage compares a page with the SHA-256 that its report states. */
async function checkPage(context: Context, number: number): Promise<Fit> {
  const [report, name] = [reportName(number), pageName(number)];
  const [filed, page] = await Promise.all([readReport(context, report, name), hashPage(context, name)]);
  if (filed === 'unreadable' || page === 'unreadable') return 'not looked into';
  if (filed === undefined) return { fault: 'it has the name of a page, and there is no report of that number' };
  if ('fault' in filed) return { fault: `it has the name of a page of ${report}: ${filed.fault}` };
  const stated = filed.report.page;
  return page !== undefined && page === stated
    ? 'fits'
    : { fault: `it is not the page that ${report} states the SHA-256 of` };
}

/** hashPage gives the SHA-256 of a page in hex, undefined where nobody reads it. */
const hashPage = (context: Context, name: string): Promise<string | undefined> =>
  PAGES.run(async () => {
    const page = await readFor(context, context.store, name);
    return typeof page === 'object' ? formatHash(sha256(page)) : page === 'unreadable' ? page : undefined;
  });

/** ReadReport is a report, or why it is none. */
type ReadReport = { readonly report: FiledReport } | { readonly fault: string };

/** readReport reads what has the name of a report; `object` is what the check calls it where it can't be read. */
async function readReport(
  context: Context,
  name: string,
  object = name,
): Promise<ReadReport | 'unreadable' | undefined> {
  const bytes = await readFor(context, context.store, name, object);
  if (bytes === 'unreadable' || bytes === undefined) return bytes;
  const report = judgeReport(bytes, name, context.auditors);
  return typeof report === 'string' ? { fault: report } : { report };
}
