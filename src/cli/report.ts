import { BY_THE_HUB, describeInterval } from './intervalOptions.ts';
import { counted, some, formatBytes, formatCount, print, printItem } from './output.ts';
import { checkpointName } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { CosignatureReport, Finding, IntervalReport, Report } from '../core/objects/report.ts';

const START = {
  full: 'the first segments',
  incremental: 'the heads of the anchor',
  quick: 'the first entry',
  interval: 'the first entry',
} as const;

/** printReport prints the report of a check for people; `hasKeys` says whether a key of the log was given. */
export function printReport(report: Report, hasKeys: boolean): void {
  const { status, ledger, checked, interval, log, partitions, findingsOmitted, findingsAcknowledged } = report;
  const but = findingsAcknowledged === 0 ? '' : `, with ${countFindings(findingsAcknowledged)} acknowledged`;
  if (interval !== undefined) printInterval(interval);
  const isOpen = interval?.complete === false;
  const what = interval === undefined ? '' : `, in that interval alone${isOpen ? ', which is NOT COMPLETE' : ''}`;
  printItem(`${status}${what}: ${ledger ?? 'no ledger'}${but}`);
  if (status === 'verified' && !hasKeys)
    printItem('  it agrees with itself, but nobody you named vouches for it: no --key was given');
  printOpen(report.findings, findingsOmitted);
  printItem(`  ${checkedIn(report)}`);
  if (interval !== undefined) printChains(interval);
  printItem(`  from ${START[checked.mode]}; anchor: ${checked.anchor ?? 'none'}`);
  if (checked.rehashed !== undefined && checked.rehashed.slices > 0)
    printItem(
      `  segments were read from ${checked.rehashed.first} to ${checked.rehashed.last}, ` +
        `${formatCount(checked.rehashed.segments)} of them in ${formatCount(checked.rehashed.slices)} slices`,
    );
  if (log !== undefined) {
    printItem(
      `  log: ${formatCount(log.entries)} entries, ${formatCount(log.checkpoints)} checkpoints, ` +
        `${formatCount(log.signatures)} signatures verified, ${formatCount(log.tiles)} tiles compared; ` +
        `${formatCount(log.segmentsNotIntegrated)} segments not in it yet`,
    );
  }
  if (log?.index !== undefined) {
    const { entries, units, rederived } = log.index;
    printItem(
      `  index of ${counted(entries, 'entry', 'entries')}: ${formatCount(rederived)} of ${counted(units, 'unit')} made again`,
    );
  }
  if (log?.signedBy !== undefined) printItem(`  signed by: ${log.signedBy.join(', ') || 'no key that is trusted'}`);
  if (log?.cosignatures !== undefined) printCosignatures(log.cosignatures);
  for (const head of partitions) {
    printItem(`  partition ${head.partition}: up to index ${head.index}, record ${head.record - 1}, root ${head.root}`);
  }
  printRest(report);
}

/** printInterval says first that this is no check of a ledger, and where even the interval isn't complete. */
function printInterval(interval: IntervalReport): void {
  printItem(`ONLY AN INTERVAL WAS CHECKED: ${describeInterval(interval)}`);
  if (interval.complete) return;
  const open = interval.chains.filter(({ sealed }) => sealed < interval.to).map(({ partition }) => partition);
  printItem(
    open.length > 0
      ? `NOT COMPLETE TO ITS END: nothing is sealed up to there of partition ${some(open)}; below stands until when`
      : 'NOT COMPLETE: it ends before the log has anything',
  );
}

/** printChains says what of each partition was of the interval. */
function printChains({ segments, segmentsOutside, chains }: IntervalReport): void {
  printItem(
    `  of the interval, by the log: ${counted(segments, 'segment')} of ${formatCount(segments + segmentsOutside)}`,
  );
  printItem(`  ${BY_THE_HUB}`);
  for (const { partition, segments, first, last, sealed } of chains) {
    const which = segments === 0 ? 'none' : `${formatCount(segments)}, index ${first} to ${last}`;
    printItem(`  partition ${partition}: ${which}; ${sealed === '' ? 'nothing is sealed' : `sealed until ${sealed}`}`);
  }
}

function checkedIn({ checked }: Report): string {
  const { mode, segments, records, events, storedBytes, lineBytes } = checked;
  if (mode === 'quick') {
    return `quick check: stored bytes compared with the log, ${formatCount(segments)} segments, ${formatBytes(storedBytes)}`;
  }
  return (
    `checked in full: ${formatCount(segments)} segments, ${formatCount(records)} records, ` +
    `${formatCount(events)} events, ${formatBytes(storedBytes)} stored, ${formatBytes(lineBytes)} of lines`
  );
}

function printCosignatures({ verified, notChecked, quorum }: CosignatureReport): void {
  if (quorum === null && verified + notChecked === 0) return;
  const by =
    quorum === null
      ? 'no checkpoint has the quorum of a policy'
      : `${checkpointName(quorum.number)} by ${quorum.witnesses.join(', ') || 'nobody, and the policy demands nobody'}`;
  printItem(`  cosigned: ${by}; ${formatCount(verified)} cosignatures verified, ${formatCount(notChecked)} not`);
}

/** printOpen prints what was found and nobody acknowledged, and where it says what to do. It comes first: it is what somebody has to do. */
export function printOpen(findings: readonly Finding[], findingsOmitted = 0): void {
  const open = findings.filter((finding) => !isAcknowledged(finding));
  for (const finding of open) printFinding(finding);
  if (findingsOmitted > 0) print(`  and ${formatCount(findingsOmitted)} more findings`);
  const codes = [...new Set(open.map(({ code }) => code))];
  if (codes.length > 0) printItem(`  what to do: docs/runbook.md, ${codes.map((code) => `#${code}`).join(', ')}`);
}

/** printRest prints what every report says behind it: what was acknowledged, what was not checked, and what could not be read. */
export function printRest(report: {
  readonly notChecked: readonly string[];
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
  readonly findings: readonly Finding[];
}): void {
  for (const text of report.notChecked) printItem(`  not checked: ${text}`);
  for (const { object, why } of report.unreadable) printItem(`  unreadable: ${object}: ${why}`);
  for (const finding of report.findings.filter(isAcknowledged)) printFinding(finding);
}

function printFinding({ code, severity, object, detail, acknowledged }: Finding): void {
  printItem(`  ${severity} ${code}: ${object}: ${detail}`);
  if (acknowledged === undefined) return;
  const { action, who, why, time } = acknowledged;
  printItem(`    acknowledged by ${who} at ${time} (${action}): ${why}`);
}

/** countFindings says how many findings there are. */
export const countFindings = (findings: number): string =>
  `${formatCount(findings)} ${findings === 1 ? 'finding' : 'findings'}`;
