import { ChainStore } from './chainStore.ts';
import { CONCURRENCY, LEDGER, summarize } from './ledger.ts';
import { ratiosOf, spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { CREATED, PARTITION, sealAll } from './workload.ts';
import type { StoredSegment } from './workload.ts';
import { formatHash, sha256 } from '../src/core/hash.ts';
import type { Report } from '../src/core/objects/report.ts';
import { verifyLedger } from '../src/verify/verify.ts';

const OLD = [100, 10_000, 1_000_000] as const;
const NEW = 10;
/** Checks in a row that make one round, so that a round is long enough to be timed. */
const REPEAT = 4;

async function measure({ workload, rounds }: Surroundings): Promise<Measurement> {
  const runs = workload.runs.slice(0, NEW + 1);
  const ledgers = await Promise.all(
    OLD.map(async (old) => {
      const segments = await sealAll(runs, { index: old - 1 });
      return { old, segments, report: reportUpTo(segments[0] as StoredSegment), cpuMs: [] as number[] };
    }),
  );
  const counts = new Map<number, { requests: number; bytes: number }>();
  for (let round = -1; round < rounds * 2; round++) {
    for (const { old, segments, report, cpuMs } of ledgers) {
      globalThis.gc?.({ type: 'minor' });
      const before = process.cpuUsage();
      for (let i = 0; i < REPEAT; i++) counts.set(old, await check(old, segments, report));
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) cpuMs.push((user + system) / 1000 / REPEAT);
    }
  }
  const [few, , many] = ledgers as [(typeof ledgers)[0], unknown, (typeof ledgers)[0]];
  const of = (old: number): { requests: number; bytes: number } =>
    counts.get(old) as { requests: number; bytes: number };
  return {
    figures: [
      ...ledgers.flatMap(({ old, cpuMs }) => [
        figure(`requests, behind ${old}`, '', of(old).requests),
        figure(`bytes read, behind ${old}`, '', of(old).bytes),
        figure(`processor time, behind ${old}`, 'ms', spreadOf(cpuMs)),
      ]),
      figure(`requests, behind ${many.old} / ${few.old}`, 'times', of(many.old).requests / of(few.old).requests, {
        is: 'at most',
        value: 1,
      }),
      figure(`bytes read, behind ${many.old} / ${few.old}`, 'times', of(many.old).bytes / of(few.old).bytes, {
        is: 'at most',
        value: 1.01, // the numbers in headers get longer
      }),
      figure(`processor time, behind ${many.old} / ${few.old}`, 'times', spreadOf(ratiosOf(many.cpuMs, few.cpuMs)), {
        is: 'at most',
        value: 1.1,
      }),
    ],
  };
}

async function check(
  old: number,
  segments: readonly StoredSegment[],
  report: Report,
): Promise<{ requests: number; bytes: number }> {
  const stored = segments.map((segment) => segment.stored);
  const store = new ChainStore(old - 1 + segments.length, stored);
  const { status, checked } = await verifyLedger(
    { store, now: Date.now, summarize, concurrency: CONCURRENCY },
    { isIncremental: true, anchor: { name: 'the report before', report } },
  );
  if (status !== 'verified' || checked.segments !== segments.length) {
    throw new Error(`${checked.segments} segments were checked, and the ledger is ${status}`);
  }
  return { requests: store.total, bytes: store.readBytes };
}

/** reportUpTo is what a check that ended at this segment would have reported. */
function reportUpTo({ header, root, stored }: StoredSegment): Report {
  const { index, records, events, incarnation, sealed } = header;
  const head = {
    partition: PARTITION,
    index,
    root: formatHash(root),
    sha256: formatHash(sha256(stored)),
    record: records.first + records.count,
    incarnation,
    created: CREATED,
    lastEvent: events.last,
    lastEnqueued: events.enqueuedLast ?? '',
    sealed,
  };
  return {
    version: 1,
    kind: 'integrity',
    ledger: LEDGER,
    started: sealed,
    finished: sealed,
    status: 'verified',
    checked: {
      mode: 'full',
      anchor: null,
      segments: index + 1,
      records: head.record,
      events: events.last + 1,
      duplicates: 0,
      storedBytes: 0,
      lineBytes: 0,
      segmentsNotRehashed: 0,
      findingsRepeated: 0,
      lastFull: sealed,
      otherObjects: 0,
    },
    notChecked: [],
    partitions: [head],
    findings: [],
    findingsOmitted: 0,
    findingsAcknowledged: 0,
    unreadable: [],
  };
}

/** incremental measures whether checking what is new costs the same behind few old segments as behind many. */
export const incremental: Subject = {
  name: 'incremental',
  title: `verify ${NEW} new segments of 1 MiB raw behind ${OLD.join(', ')} old ones`,
  measure,
};
