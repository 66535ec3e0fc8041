import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE, readResult } from './child.ts';
import { CERTIFICATES, CONCURRENCY, KEY, NO_LOG, NO_TIME, fail, integrateOf, summarize } from './ledger.ts';
import { exponentOf, spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings, Table } from './subject.ts';
import { BATCH_SEGMENTS, PARTITIONS, SyntheticLedger, batchTime } from './syntheticLedger.ts';
import { SyntheticStore } from './syntheticStore.ts';
import { sealAll, splitEvents } from './workload.ts';
import type { Events, StoredSegment } from './workload.ts';
import { formatVerifierKey } from '../src/core/note/verifierKey.ts';
import { formatEvidence } from '../src/core/objects/evidence.ts';
import { findChainHead } from '../src/ingest/chainHead.ts';
import type { Integrate } from '../src/integrate/integrate.ts';
import { proveRecord } from '../src/prove/prove.ts';
import { verifyLedger } from '../src/verify/verify.ts';

const CHECK_PROGRAM = fileURLToPath(new URL('checkOnce.ts', import.meta.url));
const LEAST_CHECKS = 11;
/** The largest segment that ingest makes, as it is set by default, in a partition of its own. */
const LARGE_BYTES = 8 * 1024 * 1024;
const OTHER_PARTITION = String(PARTITIONS);

const SMALLEST = 100;
/** Neighbouring batches, so that each size sees tiles fill up as often as the others. */
const REPEAT = 8;
/** What an exponent is at most where nothing grows: 1.6 times from 10^2 to 10^6. */
const FLAT = 0.05;
/** A search by doubling and halving asks 2 log2 10 = 6.6 times more in a log of ten times the length; a tile may come on top. */
const LOG = 8;

/** What proving a record may read in the largest log: the tiles at the tree's edge alone have up to 24 kB. */
const PROVE_BYTES = 100_000;

/** Place is a ledger of one size: the store as it was then, and those behind its next batches. */
interface Place {
  readonly batches: number;
  readonly store: SyntheticStore;
  readonly grown: readonly SyntheticStore[];
}

/** Cost is what one operation took, on average. */
interface Cost {
  readonly requests: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Operation is one thing that is done to ledgers of all sizes. */
interface Operation {
  readonly name: string;
  /** `flat`: it costs the same behind few segments as behind many; `log`: it searches, so it may grow with log n */
  readonly growth: 'flat' | 'log';
  /** how many bytes it may read in the largest ledger */
  readonly mostBytes?: number;
  /** run does it some times, each time within `measured` */
  readonly run: (place: Place, ledger: SyntheticLedger, measured: Measured) => Promise<void>;
}

type Measured = (store: SyntheticStore, action: () => Promise<void>) => Promise<void>;

async function addBatch(integrate: Integrate): Promise<void> {
  const { batches, segments } = await integrate.run(NO_LOG);
  if (batches !== 1 || segments !== BATCH_SEGMENTS) fail(`${batches} batches took ${segments} segments`);
}

const findHead: Operation = {
  name: 'find the head of a chain',
  growth: 'log',
  run: async ({ batches, grown }, _ledger, measured) => {
    for (const [i, store] of grown.entries()) {
      await measured(store, async () => {
        const { index } = await findChainHead({ store, now: NO_TIME, log: NO_LOG, certificates: CERTIFICATES }, '0');
        if (index !== ((batches + i + 1) * BATCH_SEGMENTS) / PARTITIONS) fail(`the head is ${index}`);
      });
    }
  },
};

const integrateWarm: Operation = {
  name: 'integrate one more batch',
  growth: 'flat',
  run: async ({ store }, _ledger, measured) => {
    const integrate = integrateOf(store, store.tiles);
    await integrate.run(NO_LOG);
    for (let i = 0; i < REPEAT; i++) {
      store.expose(BATCH_SEGMENTS);
      await measured(store, async () => addBatch(integrate));
    }
    store.forget();
  },
};

const integrateCold: Operation = {
  name: 'the same after a start',
  growth: 'log',
  run: async ({ store }, _ledger, measured) => {
    for (let i = 0; i < REPEAT; i++) {
      store.expose(BATCH_SEGMENTS);
      await measured(store, async () => addBatch(integrateOf(store, store.tiles)));
    }
    store.forget();
  },
};

const prove: Operation = {
  name: 'prove a record',
  growth: 'log',
  mostBytes: PROVE_BYTES,
  run: async ({ batches, store }, _ledger, measured) => {
    const length = (batches * BATCH_SEGMENTS) / PARTITIONS;
    for (let i = 0; i < REPEAT; i++) {
      const place = { partition: String(i % PARTITIONS), record: Math.floor(((i + 0.5) / REPEAT) * length) };
      await measured(store, async () => {
        const proved = await proveRecord({ store, tiles: store.tiles, verifiers: [KEY.verifierKey] }, place);
        if (!proved.ok) fail(proved.why);
      });
    }
  },
};

const verifyNew: Operation = {
  name: 'verify what is new',
  growth: 'flat',
  run: async ({ batches, grown }, ledger, measured) => {
    for (const [i, store] of grown.entries()) {
      const number = batches + i;
      const anchor = { name: 'the report before', report: ledger.reportBehind(number - 1) };
      await measured(store, async () => {
        const report = await verifyLedger(
          {
            store,
            tiles: store.tiles,
            now: () => batchTime(number),
            summarize,
            concurrency: CONCURRENCY,
          },
          {
            isIncremental: true,
            anchor,
            verifiers: [KEY.verifierKey],
            allowance: { delayMs: 600_000, ageMs: 600_000 },
          },
        );
        const { status, checked } = report;
        if (status !== 'verified' || checked.segments !== BATCH_SEGMENTS + PARTITIONS)
          fail(`${checked.segments} segments were checked, and the ledger is ${status}`);
      });
    }
  },
};

const OPERATIONS = [findHead, integrateWarm, integrateCold, prove, verifyNew];

async function measure(given: Surroundings): Promise<Measurement> {
  const { rounds, segments } = given;
  const sizes: number[] = [];
  for (let size = SMALLEST; size <= segments; size *= 10) sizes.push(size);
  const ledger = await SyntheticLedger.create(segments / BATCH_SEGMENTS + REPEAT);
  const places = sizes.map((size): Place => {
    const batches = size / BATCH_SEGMENTS;
    const grown = Array.from({ length: REPEAT }, (_, i) => new SyntheticStore(ledger, batches + i + 1));
    return { batches, store: new SyntheticStore(ledger, batches), grown };
  });
  const costs = OPERATIONS.map(() => sizes.map((): Cost[] => []));
  for (let round = -1; round < rounds; round++) {
    for (const [i, operation] of OPERATIONS.entries()) {
      for (const [j, place] of places.entries()) {
        const cost = await costOf(operation, place, ledger);
        if (round >= 0) costs[i]?.[j]?.push(cost);
      }
    }
  }
  const rows: Table['rows'][number][] = [];
  const figures: Figure[] = [];
  for (const [i, { name, growth, mostBytes }] of OPERATIONS.entries()) {
    const medians = (what: keyof Cost): number[] =>
      (costs[i] as Cost[][]).map((rounds) => spreadOf(rounds.map((cost) => cost[what])).median);
    for (const what of ['requests', 'bytes', 'ms'] as const) {
      const exponent = exponentOf(sizes, medians(what));
      rows.push([`${name}: ${LABELS[what]}`, ...medians(what), exponent]);
      if (growth === 'flat')
        figures.push(figure(`${name}: exponent of the ${LABELS[what]}`, '', exponent, { is: 'at most', value: FLAT }));
    }
    if (mostBytes !== undefined) {
      const most = sizes.at(-1)?.toLocaleString('en');
      const bar = { is: 'at most', value: mostBytes } as const;
      figures.push(figure(`${name}: bytes read in a log of ${most}`, 'bytes', medians('bytes').at(-1) as number, bar));
    }
    if (growth === 'flat') continue;
    const [before, last] = medians('requests').slice(-2) as [number, number];
    const bar = { is: 'at most', value: LOG } as const;
    figures.push(figure(`${name}: requests that the last tenfold adds`, '', last - before, bar));
  }
  return {
    figures: [...figures, ...(await measureEvidence(given, places.at(-1) as Place))],
    table: { columns: ['', ...sizes.map((size) => size.toLocaleString('en')), 'exponent'], rows },
  };
}

/** measureEvidence proves a record of a large segment in the largest log, and checks the evidence as a user does: once. */
async function measureEvidence({ workload, rounds, folder }: Surroundings, { store }: Place): Promise<Figure[]> {
  const [events] = splitEvents(workload.events, LARGE_BYTES) as [Events];
  const [sealed] = (await sealAll([events], { partition: OTHER_PARTITION })) as [StoredSegment];
  store.put(sealed.name, sealed.stored);
  await integrateOf(store, store.tiles).run(NO_LOG);
  const place = { partition: OTHER_PARTITION, record: Math.floor(sealed.header.records.count / 2) };
  const proved = await proveRecord({ store, tiles: store.tiles, verifiers: [KEY.verifierKey] }, place);
  store.forget();
  if (!proved.ok) return fail(proved.why);
  const bytes = formatEvidence(proved.evidence);
  const lineBytes = Buffer.byteLength(JSON.stringify(proved.evidence.line.toString('utf8')));
  const file = join(await folder(), 'evidence.json');
  await writeFile(file, bytes);
  const check = [...NODE, CHECK_PROGRAM, file, '--key', formatVerifierKey(KEY.verifierKey)];
  const taken: (readonly [first: number, again: number])[] = [];
  for (let round = -1; round < Math.max(rounds, LEAST_CHECKS); round++) {
    const ms = await readResult<[number, number]>(check);
    if (round >= 0) taken.push(ms); // the files were not in memory
  }
  const size = proved.checkpoint.size.toLocaleString('en');
  return [
    figure(
      `evidence without the record, ${sealed.header.records.count} records and ${size} entries`,
      'bytes',
      bytes.length - lineBytes,
      {
        is: 'below',
        value: 4096,
      },
    ),
    figure('auditseal check, once the process has started', 'ms', spreadOf(taken.map(([first]) => first)), {
      is: 'below',
      value: 5,
    }),
    figure('auditseal check, once again in the same process', 'ms', spreadOf(taken.map(([, again]) => again))),
  ];
}

const LABELS = { requests: 'requests', bytes: 'bytes read', ms: 'processor time, ms' };

async function costOf({ run }: Operation, place: Place, ledger: SyntheticLedger): Promise<Cost> {
  let [times, requests, bytes, ms] = [0, 0, 0, 0];
  globalThis.gc?.({ type: 'minor' });
  await run(place, ledger, async (store, action) => {
    store.take();
    const before = process.cpuUsage();
    await action();
    const { user, system } = process.cpuUsage(before);
    const taken = store.take();
    times += 1;
    requests += taken.total;
    bytes += taken.bytes;
    ms += (user + system) / 1000;
  });
  return { requests: requests / times, bytes: bytes / times, ms: ms / times };
}

/** growth measures what operations cost in ledgers of different sizes. */
export const growth: Subject = {
  name: 'growth',
  title: 'what a log of 10^2 to 10^6 segments costs',
  measure,
};
