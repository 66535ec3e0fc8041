import { sha256 } from '../src/core/hash.ts';
import { decompress } from '../src/core/segment/zstd.ts';
import { integrateBacklog } from './backlog.ts';
import { canRun, run } from './child.ts';
import { summarize } from './ledger.ts';
import { race } from './measure.ts';
import type { Contender } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';

const INTEGRATE = 'integrate';
const BOUND = 'decompression and SHA-256 alone';
const ZSTD = 'zstd -dc';

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const { rawBytes: bytes } = workload;
  const segments = await workload.segments();
  const paths = await writeMirror(await folder(), segments);
  const notMeasured: string[] = [];
  const contenders: Contender[] = [
    {
      name: INTEGRATE,
      run: async () => {
        await integrateBacklog(paths, summarize);
        return bytes;
      },
    },
    {
      name: BOUND,
      run: () => {
        for (const { frames } of segments) sha256(decompress(frames));
        return bytes;
      },
    },
  ];
  if (canRun(['zstd', '--version'])) {
    contenders.push({
      name: ZSTD,
      run: async () => {
        await run(['zstd', '-dcq', ...paths]);
        return bytes;
      },
    });
  } else notMeasured.push(`${ZSTD}: there is no program zstd here`);
  const result = await race(contenders, rounds * 2);
  return {
    figures: [
      ...contenders.map(({ name }) => figure(name, 'MB/s', result.rate(name))),
      ...contenders.slice(1).map(({ name }) => {
        const bar = name === ZSTD ? ({ is: 'at least', value: 0.4 } as const) : undefined;
        return figure(`${INTEGRATE} / ${name}`, 'times', result.ratio(INTEGRATE, name), bar);
      }),
      figure(`${INTEGRATE} / ${BOUND}, by processor time`, 'times', result.workRatio(INTEGRATE, BOUND)),
    ],
    notMeasured,
  };
}

/** integrate measures how fast a backlog gets into the log, on one thread. */
export const integrate: Subject = {
  name: 'integrate',
  title: 'integrate a backlog of segments of 1 MiB raw, one thread',
  measure,
};
