import { generateBodies } from '../data.ts';
import { rawBytesOf, sealRuns, splitEvents, toEvents } from '../workload.ts';
import { CountedLedger } from './countedLedger.ts';
import type { Requests } from './countedLedger.ts';

/** Linear says what one action asks for: a part that is always there, and one for each of what it deals with. */
export interface Linear {
  readonly fixed: Requests;
  readonly perPartition: Requests;
  readonly perSegment: Requests;
  readonly perCheckpoint: Requests;
}

/** Sealed is how small segments of one size become. */
export interface Sealed {
  /** bodies in one segment at most, bytes */
  readonly limit: number;
  /** bodies in one segment, bytes on average */
  readonly raw: number;
  readonly stored: number;
}

/** Measured is what costs are calculated with. */
export interface Measured {
  readonly command: string;
  readonly seal: Requests;
  readonly integrate: Linear;
  readonly integrateNothing: Linear;
  readonly verify: Linear;
  /** how the ledger stands, behind each check; its segments and checkpoints are entries of the log that it reads */
  readonly status: Linear;
  /** of the generated records, on average */
  readonly recordBytes: number;
  readonly sizes: readonly Sealed[];
}

/** Shape is a ledger that grows: new segments of each partition in each run of `integrate`, and how many such runs. */
export interface Shape {
  readonly partitions: number;
  readonly segments: number;
  readonly runs: number;
}

/** Counts are what each action asked for in one shape, on average. */
export interface Counts {
  readonly seal: Requests;
  readonly integrate: Requests;
  readonly integrateNothing: Requests;
  /** of what is new since the report before */
  readonly verify: Requests;
  readonly status: Requests;
}

const LIMITS = [1, 4, 16, 64, 256, 1024, 8192].map((kib) => kib * 1024);
const RECORDS_AN_EVENT = 2;
const SAMPLE = { seed: 1, totalBytes: 20e6 };

const each = (of: (kind: keyof Requests) => number): Requests => ({
  write: of('write'),
  read: of('read'),
  list: of('list'),
  sign: of('sign'),
  bytes: of('bytes'),
});

const NOTHING = each(() => 0);

/** countShape lets a ledger of one shape grow, and counts. */
export async function countShape({ partitions, segments, runs }: Shape): Promise<Counts> {
  const ledger = new CountedLedger(partitions);
  await ledger.seal(1);
  await ledger.integrate();
  await ledger.verify(24);
  await ledger.status();
  await ledger.integrate(); // of the reports
  const integrateNothing = await ledger.integrate();
  const sealed: Requests[] = [];
  const integrated: Requests[] = [];
  for (let run = 0; run < runs; run++) {
    sealed.push(await ledger.seal(segments));
    integrated.push(await ledger.integrate());
  }
  const average = (all: readonly Requests[], by: number): Requests =>
    each((kind) => all.reduce((sum, one) => sum + one[kind], 0) / by);
  return {
    seal: average(sealed, runs * segments * partitions),
    integrate: average(integrated, runs),
    integrateNothing,
    verify: await ledger.verify(24),
    status: await ledger.status(),
  };
}

/** measureCounts counts in a few shapes, and takes from their differences what belongs to what. */
export async function measureCounts(): Promise<Measured> {
  // Each run adds an entry more than segments: after 256 runs the last tile is full, whatever the shape.
  const base = { partitions: 4, segments: 1, runs: 256 };
  const [low, dense, wide, long] = [
    await countShape(base),
    await countShape({ ...base, segments: 3 }),
    await countShape({ ...base, partitions: 16 }),
    await countShape({ ...base, runs: 512 }),
  ];
  const linear = (action: 'integrate' | 'verify' | 'status', runs: number, more: number): Linear => {
    const of = (counts: Counts): Requests => counts[action];
    const { partitions } = base;
    const perSegment = each((kind) => (of(dense)[kind] - of(low)[kind]) / (2 * partitions * runs));
    const perCheckpoint =
      more === 0 ? NOTHING : each((kind) => (of(long)[kind] - of(low)[kind]) / more - perSegment[kind] * partitions);
    const perPartition = each((kind) => (of(wide)[kind] - of(low)[kind]) / 12 - perSegment[kind] * runs);
    const fixed = each(
      (kind) =>
        of(low)[kind] -
        partitions * (perPartition[kind] + runs * perSegment[kind]) -
        (more === 0 ? 0 : runs * perCheckpoint[kind]),
    );
    return rounded({ fixed, perPartition, perSegment, perCheckpoint });
  };
  const idle = each((kind) => (wide.integrateNothing[kind] - low.integrateNothing[kind]) / 12);
  return {
    command: 'node bench/costs/measureCosts.ts',
    seal: low.seal,
    integrate: linear('integrate', 1, 0),
    integrateNothing: rounded({
      fixed: each((kind) => low.integrateNothing[kind] - base.partitions * idle[kind]),
      perPartition: idle,
      perSegment: NOTHING,
      perCheckpoint: NOTHING,
    }),
    verify: linear('verify', base.runs, base.runs),
    status: linear('status', base.runs, base.runs),
    ...(await measureSizes()),
  };
}

/** predict gives what an action asks for in a shape, from what was measured in others. */
export function predict(
  { fixed, perPartition, perSegment, perCheckpoint }: Linear,
  of: { readonly partitions: number; readonly segments: number; readonly checkpoints: number },
): Requests {
  return each(
    (kind) =>
      fixed[kind] +
      of.partitions * perPartition[kind] +
      of.segments * perSegment[kind] +
      of.checkpoints * perCheckpoint[kind],
  );
}

/** measureSizes seals generated records in segments of several sizes. Events are small, so that small segments have some. */
async function measureSizes(): Promise<Pick<Measured, 'recordBytes' | 'sizes'>> {
  const records = [...generateBodies(SAMPLE)].flatMap((body) => {
    const { records } = JSON.parse(body.toString('utf8')) as { readonly records: readonly unknown[] };
    return records.map((record) => JSON.stringify(record));
  });
  const pairs = Array.from({ length: Math.floor(records.length / RECORDS_AN_EVENT) }, (_, i) =>
    records.slice(i * RECORDS_AN_EVENT, (i + 1) * RECORDS_AN_EVENT).join(','),
  );
  const events = toEvents(pairs.map((pair) => Buffer.from(`{"records":[${pair}]}`)));
  const sizes: Sealed[] = [];
  for (const limit of LIMITS) {
    const runs = splitEvents(events, limit);
    let stored = 0;
    for await (const segment of sealRuns(runs)) stored += segment.stored.length;
    sizes.push({ limit, raw: Math.round(rawBytesOf(events) / runs.length), stored: Math.round(stored / runs.length) });
  }
  const bytes = records.reduce((sum, record) => sum + Buffer.byteLength(record), 0);
  return { recordBytes: Math.round(bytes / records.length), sizes };
}

const rounded = (linear: Linear): Linear => {
  const round = (requests: Requests): Requests => each((kind) => Math.round(requests[kind] * 1000) / 1000);
  return {
    fixed: round(linear.fixed),
    perPartition: round(linear.perPartition),
    perSegment: round(linear.perSegment),
    perCheckpoint: round(linear.perCheckpoint),
  };
};
