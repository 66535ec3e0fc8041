import { keySigner } from '../src/adapters/keySigner.ts';
import { findChainHead } from '../src/pipeline/chainHead.ts';
import { Integrate } from '../src/pipeline/integrate.ts';
import { proveRecord } from '../src/pipeline/prove.ts';
import { summarizeSegment } from '../src/pipeline/segmentSummary.ts';
import { verifyLedger } from '../src/pipeline/verify.ts';
import type { Log } from '../src/ports.ts';
import { spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings, Table } from './subject.ts';
import { BATCH_SEGMENTS, KEY, PARTITIONS, SyntheticLedger, batchTime } from './syntheticLedger.ts';
import { SyntheticStore } from './syntheticStore.ts';
import { LEDGER } from './workload.ts';

const SMALLEST = 100;
/** Neighbouring batches, so that each size sees tiles fill up as often as the others. */
const REPEAT = 8;
const CONCURRENCY = 6;
const LIMITS = { objects: 1000, storedBytes: 256 * 1024 * 1024 };

/** Nothing may be logged but that work was done: anything else means that this does not measure what it should. */
const log: Log = { info: () => {}, warn: (message) => fail(message), error: (message) => fail(message) };

function fail(message: string): never {
  throw new Error(message);
}

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
  /** run does it some times, each time within `measured` */
  readonly run: (place: Place, ledger: SyntheticLedger, measured: Measured) => Promise<void>;
}

type Measured = (store: SyntheticStore, action: () => Promise<void>) => Promise<void>;

const integrateOf = (store: SyntheticStore): Integrate =>
  new Integrate({
    store,
    tiles: store.tiles,
    origin: LEDGER,
    verifiers: [KEY.verifierKey],
    signers: [keySigner(KEY)],
    now: Date.now,
    summarize: async (bytes, counts) => summarizeSegment(bytes, counts),
    concurrency: CONCURRENCY,
    limits: LIMITS,
    budgetMs: Infinity,
  });

async function addBatch(integrate: Integrate): Promise<void> {
  const { batches, segments } = await integrate.run(log);
  if (batches !== 1 || segments !== BATCH_SEGMENTS) fail(`${batches} batches took ${segments} segments`);
}

const findHead: Operation = {
  name: 'find the head of a chain',
  growth: 'log',
  run: async ({ batches, grown }, _ledger, measured) => {
    for (const [i, store] of grown.entries()) {
      await measured(store, async () => {
        const { index } = await findChainHead({ store, log, ledger: LEDGER }, '0');
        if (index !== ((batches + i + 1) * BATCH_SEGMENTS) / PARTITIONS) fail(`the head is ${index}`);
      });
    }
  },
};

const integrateWarm: Operation = {
  name: 'integrate one more batch',
  growth: 'flat',
  run: async ({ store }, _ledger, measured) => {
    const integrate = integrateOf(store);
    await integrate.run(log);
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
      await measured(store, async () => addBatch(integrateOf(store)));
    }
    store.forget();
  },
};

const prove: Operation = {
  name: 'prove a record',
  growth: 'log',
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
            summarize: async (bytes) => summarizeSegment(bytes),
            concurrency: CONCURRENCY,
          },
          { isIncremental: true, anchor, verifiers: [KEY.verifierKey], allowance: { delayMs: 600_000, ageMs: 600_000 } },
        );
        const { status, checked } = report;
        if (status !== 'verified' || checked.segments !== BATCH_SEGMENTS + PARTITIONS)
          fail(`${checked.segments} segments were checked, and the ledger is ${status}`);
      });
    }
  },
};

const OPERATIONS = [findHead, integrateWarm, integrateCold, prove, verifyNew];

async function measure({ rounds, segments }: Surroundings): Promise<Measurement> {
  const sizes: number[] = [];
  for (let size = SMALLEST; size <= segments; size *= 10) sizes.push(size);
  const ledger = new SyntheticLedger(segments / BATCH_SEGMENTS + REPEAT);
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
  for (const [i, { name, growth }] of OPERATIONS.entries()) {
    for (const what of ['requests', 'bytes', 'ms'] as const) {
      const values = (costs[i] as Cost[][]).map((rounds) => spreadOf(rounds.map((cost) => cost[what])).median);
      const exponent = exponentOf(sizes, values);
      rows.push([`${name}: ${LABELS[what]}`, ...values, exponent]);
      void growth;
    }
  }
  return { figures, table: { columns: ['', ...sizes.map((size) => size.toLocaleString('en')), 'exponent'], rows } };
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

/** exponentOf fits value = c * size^exponent: the slope of the line through the logarithms, by least squares. */
export function exponentOf(sizes: readonly number[], values: readonly number[]): number {
  const x = sizes.map(Math.log);
  const y = values.map(Math.log);
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const over = x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return over / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

/** growth measures what operations cost in ledgers of different sizes. */
export const growth: Subject = {
  name: 'growth',
  title: 'the log from 10^2 to 10^6 segments',
  measure,
};
