import { faultIn } from '../core/errors.ts';
import { pageName, parseReportName, reportName } from '../core/objects/names.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { Report } from '../core/objects/report.ts';
import { formatUnsigned, openReport } from '../core/objects/reportFile.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { joinSigned } from '../core/signed/documentSignature.ts';
import { reportMessage } from '../core/signed/reportSignature.ts';
import type { Signer } from '../ports/signing.ts';
import { WHY_UNREAD, isSame } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

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

/** judgeReport gives the report that was read under its name, or says why it is none. Without `auditors`, anybody may have signed it. */
export function judgeReport(
  bytes: Buffer | Unread,
  name: string,
  auditors: Auditors | undefined,
): FiledReport | string {
  if (typeof bytes === 'string') return WHY_UNREAD[bytes];
  try {
    return openReport(bytes, name, auditors);
  } catch (error) {
    return faultIn(error, 'malformed').message;
  }
}

/**
 * newestReport finds the newest report of kind integrity that an auditor signed, among the numbers before `entered`, the one
 * behind the last report that has an entry in the log. It passes over everything else: what that is, the check says that
 * looks at all names.
 */
export async function newestReport(
  store: Pick<ObjectStore, 'list' | 'read'>,
  auditors: Auditors,
  entered: number,
): Promise<Anchor | undefined> {
  for await (const { name, bytes } of readDown(store, entered)) {
    const report = judgeReport(bytes, name, auditors);
    if (typeof report === 'object' && report.kind === 'integrity') return { name, report };
  }
  return undefined;
}

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer | Unread;
}

/** readDown reads what has the names of reports before a number, the last one first. Where one is gone, the listing says which are left. */
export async function* readDown(store: Pick<ObjectStore, 'list' | 'read'>, before: number): AsyncGenerator<NamedBytes> {
  let number = before - 1;
  for (; number >= 0; number--) {
    const name = reportName(number);
    const bytes = await store.read(name);
    if (bytes === undefined) break;
    yield { name, bytes };
  }
  const left: string[] = [];
  if (number >= 0)
    for await (const { name } of store.list('reports/'))
      if ((parseReportName(name) ?? Infinity) < number) left.push(name);
  for (const name of left.toReversed()) {
    const bytes = await store.read(name);
    if (bytes !== undefined) yield { name, bytes };
  }
}

/** ComposedReport is what is filed: a report, and its page if it has one. */
export interface ComposedReport {
  readonly report: FiledReport;
  readonly page?: Buffer;
}

/** Filing is where a report is filed, and who signs it. */
export interface Filing {
  readonly store: Pick<ObjectStore, 'create' | 'list' | 'read'>;
  readonly ledger: string;
  /** with an auditor's key of the ledger */
  readonly signer: Signer;
  /** the number behind the last report that has an entry in the log: one before it would get none */
  readonly entered: number;
}

/**
 * fileReport files a report under the first free number, signed under the name that it has there, and gives that name.
 * `compose` makes it for a name, which its page says.
 *
 * The listing decides what is free. Whoever takes the name meanwhile costs another signature. Durable point: the JSON.
 * Without its page, which is made from it, the next check still goes on from it.
 */
export async function fileReport(
  { store, ledger, signer, entered }: Filing,
  compose: (name: string) => ComposedReport,
): Promise<string> {
  for (let from = entered; ;) {
    const number = await firstFree(store, from);
    const name = reportName(number);
    const { report, page } = compose(name);
    const unsigned = formatUnsigned(report);
    const signature = await signer.sign(reportMessage(ledger, name, unsigned));
    const json = joinSigned(unsigned, signer.verifierKey, signature);
    // After a lost response the name is taken by what was just written.
    if ((await store.create(name, json)) === 'exists' && !isSame(await store.read(name), json)) {
      from = number + 1;
      continue;
    }
    if (page !== undefined) await store.create(pageName(number), page);
    return name;
  }
}

/** firstFree gives the first number from `from` on that no report has. */
export async function firstFree(store: Pick<ObjectStore, 'list'>, from: number): Promise<number> {
  let free = from;
  for await (const { name } of store.list('reports/', reportName(from))) {
    const number = parseReportName(name);
    if (number === free) free += 1;
    else if (number !== undefined && number > free) break;
  }
  return free;
}
