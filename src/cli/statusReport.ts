import { counted, formatCount, print, printItem } from './output.ts';
import { printOpen, printRest } from './report.ts';
import type { PartitionStatus, SourceStatus, StatusReport } from '../core/objects/statusReport.ts';
import { ago } from '../page/statusValues.ts';

/** How many sources are printed where nothing is said of them. */
const MOST_SOURCES = 12;

/** printStatus prints how a ledger stands for people: what there is to do first. */
export function printStatus(report: StatusReport): void {
  const { status, ledger, time, isCopy, todo, findings, findingsOmitted } = report;
  const headline = todo === null ? 'all well' : status === 'unverified' ? 'not known' : 'attention';
  printItem(`${headline}: ${ledger ?? 'a ledger without a name'}, ${isCopy ? 'a copy, as of' : 'as of'} ${time}`);
  if (todo !== null) {
    printItem(`  ${todo.what}`);
    printItem(`  what to do: docs/runbook.md, #${todo.section}`);
  }
  if (findings.length > 1 || (findings.length === 1 && todo?.section !== findings[0]?.code))
    printOpen(findings, findingsOmitted);
  printAges(report);
  for (const partition of report.partitions) printPartition(partition, time);
  printSources(report);
  printRest(report);
}

function printAges({ log, lastCheck, lastFull, lastFullAt, posture, time }: StatusReport): void {
  if (log === null) print('  checkpoint: not known');
  else {
    const signed = log.signedBy.length === 0 ? 'no key that was given' : log.signedBy.join(', ');
    const cosigned = log.cosignedBy.map(({ name }) => name).join(', ') || 'nobody whose key was given';
    printItem(
      `  checkpoint: ${ago(log.time, time)}, of ${counted(log.size, 'entry', 'entries')}; signed by ${signed}, cosigned by ${cosigned}`,
    );
  }
  if (lastCheck !== null)
    printItem(
      `  last check: ${ago(lastCheck.finished, time)}, ${lastCheck.mode}, ${lastCheck.status} (${lastCheck.report})`,
    );
  if (lastFull !== null) {
    const covered = `${counted(lastFull.segments, 'segment')}, ${counted(lastFull.records, 'record')}`;
    printItem(
      `  last full recheck: ${ago(lastFull.finished, time)}, ${lastFull.status}: ${covered} (${lastFull.report})`,
    );
  } else if (lastFullAt !== '') printItem(`  last full recheck: ${ago(lastFullAt, time)}`);
  if (posture === null) return;
  const { policy, isRead, drill, holds } = posture;
  const locked = policy?.state === 'Locked' ? `, ${counted(policy.extensionsLeft, 'extension')} left` : '';
  const guarded = !isRead
    ? 'not known'
    : policy === null
      ? 'none'
      : `${policy.state}, ${counted(policy.days, 'day')}${locked}`;
  printItem(`  retention policy: ${guarded}; asked ${ago(posture.time, time)} (${posture.report})`);
  if (drill !== null)
    printItem(
      `  last drill: ${formatCount(drill.refused)} changes refused, ${formatCount(drill.done)} done, ${formatCount(drill.unverified)} could not be told`,
    );
  if (isRead) printItem(`  legal holds: ${holds.join(', ') || 'none'}`);
}

function printPartition({ partition, records, lastEvent, life, gaps }: PartitionStatus, now: string): void {
  const sign = life.sealed === '' ? 'nothing sealed' : `${life.kind} ${ago(life.sealed, now)}`;
  const behind =
    life.hub === undefined
      ? ''
      : life.hub.behind === 0
        ? ', when all that the hub had was sealed'
        : `, when the hub was ahead by ${counted(life.hub.behind, 'event')}`;
  const known = records === null ? 'records not known' : counted(records, 'record');
  const event = lastEvent === null || lastEvent < 0 ? '' : `, last event ${formatCount(lastEvent)}`;
  const holes = gaps.open === 0 ? '' : `, ${counted(gaps.open, 'open gap')}`;
  printItem(`  partition ${partition}: ${known}${event}; ${sign}${behind}${holes}`);
}

function printSources({ sources, time }: StatusReport): void {
  if (sources === null) return;
  const shown = sources.list.filter(({ isSilent }, at) => isSilent || at < MOST_SOURCES);
  for (const source of shown) printItem(`  source ${sourceLine(source, time)}`);
  const rest = sources.list.length + sources.omitted - shown.length;
  if (rest > 0) print(`  and ${counted(rest, 'further source')}: --json lists them`);
}

function sourceLine({ category, last, day, usual, isSilent }: SourceStatus, now: string): string {
  const name = category === '' ? 'without a category' : category;
  const rate = usual === null ? '' : `, usually about ${formatCount(usual)} a day`;
  const seen = last === '' ? 'never seen' : `last ${ago(last, now)}`;
  return `${name}: ${isSilent ? 'SILENT, ' : ''}${formatCount(day)} in the last 24 h${rate}, ${seen}`;
}
