import { readFileSync } from 'node:fs';
import { DigestWorkers } from '../src/threads/workers.ts';
import { FolderStore } from '../src/adapters/folderStore.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { sha256 } from '../src/core/hash.ts';
import { verifyLedger } from '../src/verify/verify.ts';
import { integrateInto } from './backlog.ts';
import { KEY, summarize } from './ledger.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { sealRuns, splitEvents, toEvents } from './workload.ts';
import type { Events } from './workload.ts';

/** Segments of this size, 8 times the bodies: with less to hash, what is done once weighs too much. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
const TIMES = 8;
const QUICK = 'verify --quick, one thread';
const ALONE = 'SHA-256 alone, in memory';

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const mirror = await folder();
  const bodies = workload.events.map(({ body }) => body);
  const runs = function* (): Generator<Events> {
    for (let i = 0; i < TIMES; i++) yield* splitEvents(toEvents(bodies, i * bodies.length), SEGMENT_BYTES);
  };
  const paths = await writeMirror(mirror, sealRuns(runs()));
  const [store, tiles] = [new FolderStore(mirror), new FolderTileStore(mirror)];
  await integrateInto(store, tiles, paths.length, summarize);
  const stored = paths.map((path) => readFileSync(path));
  const bytes = stored.reduce((sum, { length }) => sum + length, 0);
  const workers = new DigestWorkers(1);
  try {
    const result = await race(
      [
        {
          name: QUICK,
          run: async () => {
            const { status, checked } = await verifyLedger(
              {
                store,
                tiles,
                now: Date.now,
                summarize,
                digest: workers.ofFiles((name) => store.pathOf(name)),
                concurrency: 3,
              },
              { isQuick: true, verifiers: [KEY.verifierKey] },
            );
            if (status !== 'verified' || checked.storedBytes !== bytes) throw new Error(`the ledger is ${status}`);
            return bytes;
          },
        },
        {
          name: ALONE,
          run: () => {
            stored.forEach(sha256);
            return bytes;
          },
        },
      ],
      rounds * 2,
    );
    return {
      figures: [
        ...([QUICK, ALONE] as const).map((name) => figure(name, 'MB/s of stored bytes', result.rate(name))),
        figure(`${QUICK} / ${ALONE}`, 'times', result.ratio(QUICK, ALONE), { is: 'at least', value: 0.8 }),
        figure('the same by processor time', 'times', result.workRatio(QUICK, ALONE)),
      ],
    };
  } finally {
    await workers.close();
  }
}

/** quick measures how fast stored bytes are compared with the log. */
export const quick: Subject = { name: 'quick', title: 'verify --quick, segments of 8 MiB raw', measure };
