import { readFor } from './context.ts';
import type { Context } from './context.ts';
import type { VerifyOptions } from './options.ts';
import { attempt } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import {
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
import { parseFiledReport } from '../core/objects/reportFile.ts';
import { mapInOrder } from '../ledger/concurrency.ts';

/** How many reports' pages are read at one time. */
const PAGES_AHEAD = 8;

/** Objects that are checked where the log is followed, or as actions. */
const CHECKED_ELSEWHERE: readonly ((name: string) => unknown)[] = [
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
];

/** checkOtherObjects looks at the names of all objects outside segments/, and into the pages of reports. */
export async function checkOtherObjects(context: Context, options: VerifyOptions): Promise<void> {
  for await (const { name, isFolder } of context.store.children('')) {
    if (name === 'segments/') continue;
    await checkNames(context, options, isFolder ? context.store.list(name, seenUpTo(name, options)) : [{ name }]);
  }
}

/** checkNames looks at the names of objects that stand in no partition's folder. */
export async function checkNames(
  context: Context,
  options: VerifyOptions,
  listed: AsyncIterable<{ readonly name: string }> | Iterable<{ readonly name: string }>,
): Promise<void> {
  const { findings, tally } = context;
  const looksIntoPages = options.isIncremental !== true; // the full checks do
  const objects = mapInOrder(listed, PAGES_AHEAD, async ({ name }) => {
    const number = looksIntoPages ? parsePageName(name) : undefined;
    return { name, page: number === undefined ? ('not looked into' as const) : await checkPage(context, number) };
  });
  let next = firstReport(options);
  for await (const { name, page } of objects) {
    const number = parseReportName(name);
    if (number !== undefined) {
      if (number !== next) findings.hole({ type: 'report', number });
      next = number + 1;
    }
    if (CHECKED_ELSEWHERE.some((parse) => parse(name) !== undefined)) continue;
    if (!isKnownName(name) || parseSegmentName(name) !== undefined) findings.foreignName(name);
    else if (typeof page === 'object') findings.error('foreign-object', name, page.fault);
    else if (page === 'not looked into') tally.otherObjects += 1;
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

/** What is known of a page: it is the one that its report states, nobody could look into it, or what is wrong. */
type PageFit = 'fits' | 'not looked into' | { readonly fault: string };

/** checkPage compares a page with the SHA-256 that its report states. */
async function checkPage(context: Context, number: number): Promise<PageFit> {
  const { store } = context;
  const [report, name] = [reportName(number), pageName(number)];
  const [json, page] = await Promise.all([readFor(context, store, report, name), readFor(context, store, name)]);
  if (json === 'unreadable' || page === 'unreadable') return 'not looked into';
  if (json === undefined) return { fault: 'it has the name of a page, and there is no report of that number' };
  const stated = typeof json === 'string' ? undefined : statedBy(json);
  if (stated === undefined) return 'not looked into';
  const isStated = typeof page === 'object' && formatHash(sha256(page)) === stated;
  return isStated ? 'fits' : { fault: `it is not the page that ${report} states the SHA-256 of` };
}

/** A report that is not whole is found where it is read as one. One of a kind that has no page states none that could fit. */
function statedBy(json: Buffer): string | undefined {
  const report = attempt(() => parseFiledReport(json), 'malformed');
  return report?.kind === 'posture' ? '' : report?.page;
}
