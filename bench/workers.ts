import { MirrorStore } from '../src/adapters/mirrorStore.ts';
import { SEGMENTS_A_THREAD, SegmentWorkers } from '../src/threads/workers.ts';
import { verifyLedger } from '../src/verify/verify.ts';
import { fail } from './ledger.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { SMALL_RECORDS, smallSegments } from './smallSegments.ts';
import { figure } from './subject.ts';
import type { Bar, Figure, Measurement, Subject, Surroundings } from './subject.ts';
import type { StoredSegment } from './workload.ts';

const SMALL_SEGMENTS = 4000;
const NAMES = ['1 worker', '2 workers'] as const;

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const few = await workload.segments();
  const many = await smallSegments(SMALL_SEGMENTS);
  return {
    figures: [
      ...(await measureOf('1 MiB', few, { is: 'at least', value: 1.85 }, rounds, await folder())),
      ...(await measureOf(`${SMALL_RECORDS} records`, many, { is: 'at least', value: 1.6 }, rounds, await folder())),
    ],
  };
}

/** measureOf verifies a mirror with one thread beside this one, and with two, which read its files as those of the command line do. */
async function measureOf(
  title: string,
  segments: readonly StoredSegment[],
  bar: Bar,
  rounds: number,
  mirror: string,
): Promise<Figure[]> {
  await writeMirror(mirror, segments);
  const bytes = segments.reduce((sum, { size }) => sum + size, 0);
  const store = new MirrorStore(mirror);
  const pools = [1, 2].map((threads) => ({ threads, workers: new SegmentWorkers(threads) }));
  try {
    const result = await race<(typeof NAMES)[number]>(
      pools.map(({ threads, workers: { summarize, ofFiles } }, i) => ({
        name: NAMES[i] as (typeof NAMES)[number],
        run: async () => {
          const summarizeFile = ofFiles((name) => store.pathOf(name));
          const deps = { store, now: Date.now, summarize, summarizeFile, concurrency: threads * SEGMENTS_A_THREAD };
          const { status } = await verifyLedger(deps);
          if (status !== 'verified') fail(`the ledger is ${status}`);
          return bytes;
        },
      })),
      rounds,
    );
    return [
      ...NAMES.map((name) => figure(`${name}, segments of ${title}`, 'MB/s of lines', result.rate(name))),
      figure(`2 workers / 1, segments of ${title}`, 'times', result.ratio('2 workers', '1 worker'), bar),
    ];
  } finally {
    for (const { workers } of pools) await workers.close();
  }
}

/** workers measures what a second thread brings; without two free cores it can't bring much. */
export const workers: Subject = { name: 'workers', title: 'verify with two worker threads against one', measure };
