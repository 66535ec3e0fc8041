import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE, readResult } from './child.ts';
import { spreadOf } from './measure.ts';
import type { Spread } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { peakBytes } from './peak.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { sealRuns, splitEvents, toEvents } from './workload.ts';
import type { Events, StoredSegment } from './workload.ts';

/** The largest segments that ingest makes of small events, as it is set by default: the most that verify has to hold. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
const DELIVERY_BYTES = 32 * 1024 * 1024;
const INTEGRATE_PROGRAM = fileURLToPath(new URL('integrateMemory.ts', import.meta.url));
const INGEST_PROGRAM = fileURLToPath(new URL('ingestMemory.ts', import.meta.url));
/** Peaks lie close together, and these rounds are long. */
const MOST_ROUNDS = 3;
const TIMES = [3, 12] as const;

/** Makes a program write the most memory that it ever held to the file descriptor 3 when it ends. */
const REPORT_PEAK = `
import { readFileSync, writeSync } from 'node:fs';
${peakBytes.toString()}
process.on('exit', () => writeSync(3, String(peakBytes())));
`;
const WITH_PEAK = ['--import', `data:text/javascript,${encodeURIComponent(REPORT_PEAK)}`];

async function measure({ workload, folder, app, ...given }: Surroundings): Promise<Measurement> {
  const rounds = Math.min(given.rounds, MOST_ROUNDS);
  const cli = join(await app(), 'dist', 'cli', 'auditseal.mjs');
  const mirrors: {
    readonly name: string;
    readonly path: string;
    readonly peaks: number[];
    readonly logPeaks: number[];
  }[] = [];
  for (const times of TIMES) {
    const path = await folder();
    await writeMirror(
      path,
      sealRepeated(
        workload.events.map(({ body }) => body),
        times,
      ),
    );
    mirrors.push({ name: `${Math.round((workload.rawBytes * times) / 1e6)} MB raw`, path, peaks: [], logPeaks: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { path, peaks, logPeaks } of mirrors) {
      peaks.push(await readResult<number>([...NODE, ...WITH_PEAK, cli, 'verify', path, '--threads', '2']));
      logPeaks.push(await readResult<number>([...NODE, ...WITH_PEAK, INTEGRATE_PROGRAM, path]));
    }
  }
  const [small, large] = mirrors as [(typeof mirrors)[0], (typeof mirrors)[0]];
  const growthOf = (which: 'peaks' | 'logPeaks'): Spread =>
    spreadOf(large[which].map((peak, round) => peak / (small[which][round] as number)));

  const { bodies, sizes, bytes } = firstBodies(workload.events.map(({ body }) => body));
  const file = join(await folder(), 'bodies');
  await writeFile(file, bodies);
  const ingest: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { before, after } = await readResult<{ before: number; after: number }>([
      ...NODE,
      INGEST_PROGRAM,
      file,
      sizes.join(','),
    ]);
    ingest.push((after - before) / bytes);
  }
  const megabytes = (peaks: readonly number[]) => spreadOf(peaks.map((peak) => peak / 1e6));
  return {
    figures: [
      figure(`peak of verify, ${small.name}`, 'MB', megabytes(small.peaks)),
      figure(`peak of verify, ${large.name}`, 'MB', megabytes(large.peaks), { is: 'below', value: 300 }),
      figure(`peak of verify, ${large.name} / ${small.name}`, 'times', growthOf('peaks'), {
        is: 'at most',
        value: 1.15,
      }),
      figure(`peak of integrate, a backlog of ${small.name}`, 'MB', megabytes(small.logPeaks)),
      figure(`peak of integrate, a backlog of ${large.name}`, 'MB', megabytes(large.logPeaks), {
        is: 'below',
        value: 300,
      }),
      figure(`peak of integrate, ${large.name} / ${small.name}`, 'times', growthOf('logPeaks'), {
        is: 'at most',
        value: 1.15,
      }),
      figure(
        `peak of ingest above what the code takes / one delivery of ${Math.round(bytes / 1e6)} MB`,
        'times',
        spreadOf(ingest),
        { is: 'below', value: 6 },
      ),
    ],
  };
}

/** sealRepeated makes a chain of large segments out of the same bodies again and again, one in memory at a time. */
function sealRepeated(bodies: readonly Buffer[], times: number): AsyncIterable<StoredSegment> {
  const runs = function* (): Generator<Events> {
    for (let i = 0; i < times; i++) yield* splitEvents(toEvents(bodies, i * bodies.length), SEGMENT_BYTES);
  };
  return sealRuns(runs());
}

function firstBodies(all: readonly Buffer[]): { bodies: Buffer; sizes: number[]; bytes: number } {
  const bodies: Buffer[] = [];
  let bytes = 0;
  for (const body of all) {
    if (bytes >= DELIVERY_BYTES) break;
    bodies.push(body);
    bytes += body.length;
  }
  return { bodies: Buffer.concat(bodies), sizes: bodies.map(({ length }) => length), bytes };
}

/** memory measures the most that verify, integrate and ingest hold. */
export const memory: Subject = { name: 'memory', title: 'resident memory, segments of 8 MiB raw', measure };
