import { faultLines } from './fault.ts';
import type { ListedLedger } from './ledgerList.ts';
import { formatCount, print, printItem, printJson, tell } from './output.ts';
import { countFindings } from './report.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { standingOf } from '../core/objects/intervalReport.ts';
import { EXIT_STATUS, isAcknowledged } from '../core/objects/report.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { Status } from '../core/objects/report.ts';

/** CheckedLedger is what came of the check of one ledger. */
export interface CheckedLedger {
  readonly report: FiledReport;
  /** print prints the report for people */
  print(): void;
  /** keep writes the files that the user wants to be kept of it */
  keep?(): Promise<void>;
}

/** PlannedCheck is a ledger of a list, and how it is checked. */
export interface PlannedCheck {
  readonly listed: ListedLedger;
  readonly check: () => Promise<CheckedLedger>;
}

/** LedgerOutcome is what came of one ledger: a report, a fault, or both where the report couldn't be kept. */
export interface LedgerOutcome extends Pick<ListedLedger, 'ledger' | 'target'> {
  readonly status: Status;
  readonly checked?: CheckedLedger;
  readonly fault?: string;
}

/** From the worst on. */
const STATUSES = ['violated', 'unverified', 'verified'] as const satisfies readonly Status[];

/**
 * checkEstate checks the ledgers of a list, `atOnce` at one time, prints one verdict over all and what came of each, and gives
 * the exit status. No ledger's fault stops the others: it makes its own ledger unverified. docs/operations.md, section "Several
 * ledgers".
 */
export async function checkEstate(
  planned: readonly PlannedCheck[],
  atOnce: number,
  isJson: boolean,
): Promise<{ readonly status: number; readonly outcomes: readonly LedgerOutcome[] }> {
  const outcomes: LedgerOutcome[] = [];
  for await (const outcome of mapInOrder(planned, atOnce, checkListed)) outcomes.push(outcome);
  // No ledgers, no verdict: then none of them is verified.
  const status = STATUSES.find((one) => outcomes.some((outcome) => outcome.status === one)) ?? 'unverified';
  if (isJson) printEstateJson(status, outcomes);
  else printEstate(status, outcomes);
  return { status: EXIT_STATUS[status], outcomes };
}

async function checkListed({ listed: { place, ledger, target }, check }: PlannedCheck): Promise<LedgerOutcome> {
  const said = (error: unknown): string => {
    const [first, ...more] = faultLines(error);
    if (more.length > 0) [`${place}: ${first}`, ...more].forEach(tell);
    return first;
  };
  let checked: CheckedLedger;
  try {
    checked = await check();
  } catch (error) {
    return { ledger, target, status: 'unverified', fault: said(error) };
  }
  const status = standingOf(checked.report);
  try {
    await checked.keep?.();
    return { ledger, target, status, checked };
  } catch (error) {
    // What was found stays found.
    return { ledger, target, status: status === 'violated' ? status : 'unverified', checked, fault: said(error) };
  }
}

function printEstateJson(status: Status, outcomes: readonly LedgerOutcome[]): void {
  const ledgers = outcomes.map(({ checked, fault, ...outcome }) => ({
    ...outcome,
    ...(checked !== undefined && { report: checked.report }),
    ...(fault !== undefined && { fault }),
  }));
  printJson({ version: 1, kind: 'estate', status, ledgers });
}

function printEstate(status: Status, outcomes: readonly LedgerOutcome[]): void {
  const of = (one: Status): LedgerOutcome[] => outcomes.filter((outcome) => outcome.status === one);
  const count = (one: Status): string => `${formatCount(of(one).length)} ${one}`;
  const ledgers = `${formatCount(outcomes.length)} ${outcomes.length === 1 ? 'ledger' : 'ledgers'}`;
  const acknowledged = outcomes.flatMap(({ checked }) => checked?.report.findings.filter(isAcknowledged) ?? []).length;
  const but = acknowledged === 0 ? '' : `, with ${countFindings(acknowledged)} acknowledged`;
  printItem(`${status}: ${ledgers}: ${count('verified')}, ${count('violated')}, ${count('unverified')}${but}`);
  for (const { status: own, ledger, target, checked, fault } of STATUSES.flatMap(of)) {
    const parts = [
      ...(checked === undefined ? [] : [findingsIn(checked.report)]),
      ...(fault === undefined ? [] : [fault]),
    ];
    printItem(`  ${own}: ${ledger}: ${target}: ${parts.join('; ')}`);
  }
  for (const { ledger, target, checked } of outcomes) {
    if (checked === undefined) continue;
    print('');
    printItem(`${ledger}: ${target}`);
    checked.print();
  }
}

function findingsIn(report: FiledReport): string {
  const omitted = 'findingsOmitted' in report ? report.findingsOmitted : 0;
  const acknowledged = report.findings.filter(isAcknowledged).length;
  const but = acknowledged === 0 ? '' : `, ${formatCount(acknowledged)} of them acknowledged`;
  const isOpen = 'interval' in report && !(report.interval?.complete ?? true);
  return `${countFindings(report.findings.length + omitted)}${but}${isOpen ? '; the interval is not complete' : ''}`;
}
