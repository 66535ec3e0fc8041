import { sliceBody } from '../src/core/segment/body.ts';
import { sliceInto } from '../src/core/segment/stamp.ts';
import { sha256 } from '../src/core/hash.ts';
import { kernel } from '../src/core/wasm/kernel.ts';
import { compress } from '../src/core/segment/zstd.ts';
import { NO_CHAIN } from '../src/core/segment/chain.ts';
import { writeEvents } from '../src/ingest/writeEvents.ts';
import type { Sessions } from '../src/ledger/session.ts';
import type { ObjectStore } from '../src/ports/store.ts';
import { LEDGER, SEGMENT_BYTES, fail, sessionsOf } from './ledger.ts';
import { race, spreadOf } from './measure.ts';
import { naiveSeal } from './rivals.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { PARTITION, rawBytesOf, sealRuns } from './workload.ts';
import type { Events } from './workload.ts';

const PARTS = 5;
/** As in the app. */
const OVERLAP = 3;
const NAIVE_BYTES = 3e6;
const CONTENDERS = [
  'seal',
  'seal, two cores',
  'zstd -1 alone',
  'SHA-256 alone',
  'slicing alone',
  'naive seal',
] as const;
/** What sealing can't do without. */
const BOUND = ['slicing alone', 'SHA-256 alone', 'zstd -1 alone'] as const;

async function measure({ workload, rounds }: Surroundings): Promise<Measurement> {
  const parts = Array.from({ length: PARTS }, (_, part) => partOf(workload.runs, part));
  const naive = workload.firstRuns(NAIVE_BYTES);
  const sessions = sessionsOf('segments');
  /** Each round takes the next part, so that contenders change places often. */
  const onParts =
    (work: (part: Part) => void | Promise<void>) =>
    async (round: number): Promise<number> => {
      const part = parts[round % PARTS] as Part;
      await work(part);
      return part.bytes;
    };
  const result = await race<(typeof CONTENDERS)[number]>(
    [
      { name: 'seal', run: onParts(({ runs }) => sealEach(runs, sessions)) },
      { name: 'seal, two cores', run: onParts(({ runs }) => sealOverlapping(runs, sessions)) },
      { name: 'zstd -1 alone', run: onParts(({ raw }) => raw.forEach((run) => compress(run))) },
      { name: 'SHA-256 alone', run: onParts(({ bodies }) => bodies.forEach(sha256)) },
      { name: 'slicing alone', run: onParts(({ bodies }) => bodies.forEach(slice)) },
      {
        name: 'naive seal',
        run: () => {
          naive.runs.forEach(naiveSeal);
          return naive.bytes;
        },
      },
    ],
    rounds * PARTS,
  );
  const ofBound = result.rates('seal').map((rate, round) => {
    const secondsPerByte = BOUND.reduce((sum, name) => sum + 1 / (result.rates(name)[round] as number), 0);
    return rate * secondsPerByte;
  });
  return {
    figures: [
      ...CONTENDERS.map((name) => figure(name, 'MB/s', result.rate(name))),
      figure('seal / zstd -1 alone', 'times', result.ratio('seal', 'zstd -1 alone'), { is: 'at least', value: 0.4 }),
      figure('seal, two cores / zstd -1 on one core', 'times', result.ratio('seal, two cores', 'zstd -1 alone'), {
        is: 'at least',
        value: 0.55,
      }),
      figure('seal, two cores / seal', 'times', result.ratio('seal, two cores', 'seal')),
      figure('seal / slicing, SHA-256 and zstd -1 one after the other', 'times', spreadOf(ofBound)),
      figure('seal / naive seal', 'times', result.ratio('seal', 'naive seal')),
    ],
  };
}

/** slice finds the records of a body as sealing does. */
function slice(body: Buffer): void {
  const it = kernel();
  if (it === undefined || sliceInto(it, body) < 0) sliceBody(body);
}

interface Part {
  readonly runs: readonly Events[];
  readonly bodies: readonly Buffer[];
  /** each run's bodies as one buffer */
  readonly raw: readonly Buffer[];
  readonly bytes: number;
}

function partOf(all: readonly Events[], part: number): Part {
  const share = all.length / PARTS;
  const runs = all.slice(Math.floor(part * share), Math.floor((part + 1) * share));
  const bodies = runs.flat().map(({ body }) => body);
  const raw = runs.map((run) => Buffer.concat(run.map(({ body }) => body)));
  return { runs, bodies, raw, bytes: rawBytesOf(runs.flat()) };
}

async function sealEach(runs: readonly Events[], sessions: Sessions): Promise<void> {
  for await (const { stored } of sealRuns(runs, { sessions })) if (stored.length === 0) fail('nothing was sealed');
}

/** sealOverlapping seals the events of all runs as ingest does where there are two processors, and stores them nowhere. */
async function sealOverlapping(runs: readonly Events[], sessions: Sessions): Promise<void> {
  const create: ObjectStore['create'] = async () => 'created';
  const deps = { now: Date.now, ledger: LEDGER, sessions, maxSegmentBytes: SEGMENT_BYTES, overlap: OVERLAP };
  const store = { create } as ObjectStore;
  const { segments } = await writeEvents({ ...deps, store }, PARTITION, NO_CHAIN, runs.flat(), { kind: 'ingest' });
  if (segments !== runs.length) fail(`${segments} segments were sealed of ${runs.length} runs`);
}

/** seal measures how fast segments are sealed, on one thread, and where a second processor compresses them. */
export const seal: Subject = { name: 'seal', title: 'seal segments of 1 MiB raw', measure };
