import { FolderStore } from '../src/adapters/folderStore.ts';
import { SegmentWorkers } from '../src/threads/workers.ts';
import { verifyLedger } from '../src/verify/verify.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const mirror = await folder();
  await writeMirror(mirror, await workload.segments());
  const store = new FolderStore(mirror);
  const pools = [1, 2].map((threads) => ({ threads, workers: new SegmentWorkers(threads) }));
  try {
    const names = ['1 worker', '2 workers'] as const;
    const result = await race<(typeof names)[number]>(
      pools.map(({ threads, workers: { summarize } }, i) => ({
        name: names[i] as (typeof names)[number],
        run: async () => {
          const { status } = await verifyLedger({ store, now: Date.now, summarize, concurrency: threads * 3 });
          if (status !== 'verified') throw new Error(`the ledger is ${status}`);
          return workload.rawBytes;
        },
      })),
      rounds,
    );
    return {
      figures: [
        ...names.map((name) => figure(name, 'MB/s', result.rate(name))),
        figure('2 workers / 1', 'times', result.ratio('2 workers', '1 worker'), { is: 'at least', value: 1.7 }),
      ],
    };
  } finally {
    for (const { workers } of pools) await workers.close();
  }
}

/** workers measures what a second thread brings; without two free cores it can't bring much. */
export const workers: Subject = { name: 'workers', title: 'verify with two worker threads against one', measure };
