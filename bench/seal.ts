import { sliceBody } from '../src/core/body.ts';
import { sha256 } from '../src/core/hash.ts';
import { compress } from '../src/core/zstd.ts';
import { race } from './measure.ts';
import { naiveSeal } from './rivals.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { sealRuns } from './workload.ts';

const NAIVE_BYTES = 10e6;
const CONTENDERS = ['seal', 'zstd -1 alone', 'SHA-256 alone', 'slicing alone', 'naive seal'] as const;

async function measure({ workload, rounds }: Surroundings): Promise<Measurement> {
  const { events, runs, rawBytes: bytes } = workload;
  const raw = runs.map((run) => Buffer.concat(run.map(({ body }) => body)));
  const naive = workload.firstRuns(NAIVE_BYTES);
  const result = await race<(typeof CONTENDERS)[number]>(
    [
      { name: 'seal', bytes, run: () => sealRuns(runs).forEach(() => {}) },
      { name: 'zstd -1 alone', bytes, run: () => raw.forEach(compress) },
      { name: 'SHA-256 alone', bytes, run: () => events.forEach(({ body }) => sha256(body)) },
      { name: 'slicing alone', bytes, run: () => events.forEach(({ body }) => sliceBody(body)) },
      { name: 'naive seal', bytes: naive.bytes, run: () => naive.runs.forEach(naiveSeal) },
    ],
    rounds,
  );
  return {
    figures: [
      ...CONTENDERS.map((name) => figure(name, 'MB/s', result.rate(name))),
      figure('seal / zstd -1 alone', 'times', result.ratio('seal', 'zstd -1 alone'), { is: 'at least', value: 0.45 }),
      figure('seal / naive seal', 'times', result.ratio('seal', 'naive seal')),
    ],
  };
}

/** seal measures how fast segments are sealed, on one thread. */
export const seal: Subject = { name: 'seal', title: 'seal segments of 1 MiB raw, one thread', measure };
