import type { SegmentEntry } from '../entry.ts';
import { Trust } from '../signed/trust.ts';
import { ChainCheck } from './chain.ts';
import { ClockCheck } from './clock.ts';
import { NO_POSITION } from './entries.ts';
import type { LogEntry } from './entries.ts';
import { finishActions, finishWalk, sayForeign, untilOf } from './finish.ts';
import { readLog } from './followBatches.ts';
import { IntervalChain } from './intervalChain.ts';
import { LogCheck } from './log.ts';
import { isKnownName, parseSegmentName } from './names.ts';
import type { SegmentPlace } from './names.ts';
import { Reports } from './reports.ts';
import type { Interval } from './slice.ts';
import type { CheckParts, Checked } from './checked.ts';
import { Walk, readAt } from './walk.ts';
import type { Walked } from './walk.ts';

/** What is under these folders is the log's, or actions: all of it is looked at. */
const FOLDERS = ['actions/', 'batches/', 'checkpoints/', 'cosignatures/'];

/** checkInterval checks the log whole and, of the segments, those of an interval. docs/format.md, section 10.7. */
export async function checkInterval(
  { folder, findings, counts, keys, given, witnesses, now }: CheckParts,
  interval: Interval,
): Promise<Checked> {
  const { announced } = await readLog(folder, given);
  const clock = new ClockCheck(now);
  const trust = new Trust(undefined, given);
  const reports = new Reports(folder, keys);
  const chains = new Map<string, IntervalChain>();
  const seen = { segments: 0, outside: 0, foreign: 0, reports: 0 };
  const chainOf = (partition: string): IntervalChain => {
    const known = chains.get(partition) ?? new IntervalChain(partition, interval, findings, clock);
    chains.set(partition, known);
    return known;
  };
  const look = async (entry: SegmentEntry, chain: IntervalChain): Promise<Walked | undefined> => {
    const { name, index, partition } = entry;
    const found = folder.has(name) ? await readAt(folder, trust, name) : undefined;
    if (found?.reading === undefined) chain.pass(entry);
    else {
      chain.add(entry, found.reading, trust.ledger);
      counts.add(partition, found.reading, found.size);
    }
    return found && { index, name, ...found, isOfChain: false };
  };
  const objectAt = async (
    { partition, index }: SegmentPlace,
    entry: LogEntry,
  ): Promise<Walked | 'hole' | undefined> => {
    const chain = chainOf(partition);
    chain.comeTo(index);
    if (entry.type !== 'segment') seen.foreign += 1;
    else if (chain.takes(entry.segment)) {
      seen.segments += 1;
      return look(entry.segment, chain);
    } else {
      seen.outside += 1;
      chain.skip(entry.segment);
    }
    return 'hole';
  };
  const onReport = (): void => void (seen.reports += 1);
  const anchor = undefined;
  const parts = { folder, findings, clock, trust, reports, objectAt, onReport, given, announced, witnesses, anchor };
  const log = new LogCheck(parts);
  const hasLog = await log.follow();
  const until = untilOf(log, hasLog, given !== undefined);
  const { positions } = log.entries;
  const inFolder = folder.under('segments/').flatMap((name) => parseSegmentName(name)?.partition ?? []);
  const asked = inOrder(interval.partitions ?? [...positions.keys(), ...inFolder]);
  let notIntegrated = 0;
  // Without a log nobody knows what is of the interval.
  for (const partition of hasLog ? asked : []) {
    counts.of(partition);
    const from = (positions.get(partition) ?? NO_POSITION).next;
    const begin = from === 0 ? undefined : { index: from, link: chains.get(partition)?.link };
    const chain = new ChainCheck(partition, findings, clock, undefined, begin);
    notIntegrated += await finishWalk(new Walk(folder, trust, chain, counts.add, from), until, findings);
  }
  const unknown = FOLDERS.flatMap((name) => folder.under(name)).filter((name) => !isKnownName(name));
  sayForeign(folder, findings, unknown);
  const acknowledging = await finishActions({ folder, findings, clock, log, until, now }, async () => {});
  const partitionsIn = inOrder(interval.partitions ?? [...positions.keys()]).map((partition) => {
    const { span, begins = '' } = chains.get(partition) ?? {};
    return { partition, span, begins, sealed: (positions.get(partition) ?? NO_POSITION).sealed ?? '' };
  });
  const { to } = interval;
  const complete =
    partitionsIn.every(({ sealed }) => to <= sealed) && partitionsIn.some(({ begins }) => begins !== '' && begins < to);
  const withoutFinding: string[] = []; // those of findings outside fit none
  return {
    log,
    hasLog,
    trust,
    reports,
    anchor,
    interval: { ...interval, ...seen, partitionsIn, complete },
    notIntegrated,
    waiting: acknowledging.waiting,
    withoutFinding,
  };
}

const inOrder = (partitions: readonly string[]): string[] =>
  [...new Set(partitions)].sort((a, b) => Number(a) - Number(b));
