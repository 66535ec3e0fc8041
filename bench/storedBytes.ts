import { gzipSync } from 'node:zlib';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings } from './subject.ts';
import { rawBytesOf, sealRuns, splitEvents } from './workload.ts';

const OTHER_SIZES = [
  { name: '128 KiB', bytes: 128 * 1024 },
  { name: '8 MiB', bytes: 8 * 1024 * 1024 },
];
const GZIP_BYTES = 30e6;

async function measure({ workload }: Surroundings): Promise<Measurement> {
  const sample = workload.firstRuns(GZIP_BYTES);
  const ratio = async (
    segments: Iterable<{ readonly stored: Buffer }> | AsyncIterable<{ readonly stored: Buffer }>,
    rawBytes: number,
  ): Promise<number> => {
    let stored = 0;
    for await (const segment of segments) stored += segment.stored.length;
    return rawBytes / stored;
  };
  const gzip = sample.runs.map((run) => ({
    stored: gzipSync(Buffer.concat(run.map(({ body }) => body)), { level: 6 }),
  }));
  const events = sample.runs.flat();
  const others: Figure[] = [];
  for (const { name, bytes } of OTHER_SIZES) {
    const times = await ratio(sealRuns(splitEvents(events, bytes)), rawBytesOf(events));
    others.push(figure(`raw / stored, segments of ${name}`, 'times', times));
  }
  return {
    figures: [
      figure('raw / stored, segments of 1 MiB', 'times', await ratio(await workload.segments(), workload.rawBytes), {
        is: 'at least',
        value: 8,
      }),
      ...others,
      figure('raw / gzip -6 of the bodies alone', 'times', await ratio(gzip, sample.bytes)),
    ],
  };
}

/** storedBytes measures how much smaller the ledger is than what came in, seals included. */
export const storedBytes: Subject = { name: 'bytes', title: 'stored bytes', measure };
