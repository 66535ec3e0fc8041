import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '../src/core/hash.ts';
import { TreeRoot } from '../src/core/merkle/tree.ts';
import { CategoryCount } from '../src/core/segment/categories.ts';
import { LineCursor } from '../src/core/segment/lineCursor.ts';
import { LineBuffer, sealEvent } from '../src/core/segment/seal.ts';
import type { SealableEvent } from '../src/core/segment/seal.ts';
import { stampBody } from '../src/core/segment/stamp.ts';
import { switchKernel } from '../src/core/wasm/kernel.ts';
import { generateBodies } from './data.ts';
import { race } from './measure.ts';
import { figure } from './subject.ts';
import type { Bar, Figure, Measurement, Subject, Surroundings } from './subject.ts';

const MOST_BYTES = 10e6;
const SHAPE_BYTES = 2e6;
const SAMPLES = 'AUDITSEAL_SAMPLES';
const LF = 0x0a;

/** The shapes that bodies come in, each made of one with nothing but `records`. */
const SHAPES: Readonly<Record<string, (body: Buffer) => string>> = {
  'records alone': String,
  'other members': (body) => `{"tenantId":"t",${String(body).slice(1, -1)},"source":{"a":[1]}}`,
  'an array': (body) => String(body).slice('{"records":'.length, -1),
  'objects one after the other': (body) => recordsOf(body).map(print).join('\n'),
  'line breaks between tokens': (body) => JSON.stringify(JSON.parse(String(body)), null, 2),
};
const recordsOf = (body: Buffer): unknown[] => (JSON.parse(String(body)) as { records: unknown[] }).records;
const print = (value: unknown): string => JSON.stringify(value);

/** What the kernel does for a segment, with how much faster it must be than the reference. */
const TASKS = ['cut, stamp and hash records', 'hash tree nodes', 'find lines, read seals, count categories'] as const;
const BARS: Readonly<Record<(typeof TASKS)[number], Bar>> = {
  'cut, stamp and hash records': { is: 'at least', value: 1.3 },
  'hash tree nodes': { is: 'at least', value: 1.9 },
  'find lines, read seals, count categories': { is: 'at least', value: 1.6 },
};

/** One segment's events, the leaves and the lines that they become. */
interface Part {
  readonly events: readonly SealableEvent[];
  readonly leaves: readonly Hash[];
  readonly content: Buffer;
}

async function measure({ workload, rounds }: Surroundings): Promise<Measurement> {
  const { runs, bytes } = workload.firstRuns(MOST_BYTES);
  const parts = runs.map((events): Part => {
    const lines = linesOf(events);
    return { events, leaves: lines.leaves, content: lines.bytes.subarray(lines.start, lines.length) };
  });
  const work: Readonly<Record<(typeof TASKS)[number], (part: Part) => void>> = {
    'cut, stamp and hash records': ({ events }) => void linesOf(events),
    'hash tree nodes': ({ leaves }) => {
      const tree = new TreeRoot();
      for (const leaf of leaves) tree.add(leaf);
      tree.root();
    },
    'find lines, read seals, count categories': ({ content }) => {
      const lines = new LineCursor(content, content.indexOf(LF) + 1, new CategoryCount());
      while (lines.next()) {
        lines.seal();
        lines.countCategory();
      }
    },
  };
  const contenders = TASKS.flatMap((task) =>
    [true, false].map((isOn) => ({
      name: isOn ? task : `${task}, reference`,
      run: () => {
        switchKernel(isOn);
        parts.forEach(work[task]);
        switchKernel(true);
        return bytes;
      },
    })),
  );
  const result = await race(contenders, rounds * 2);
  const figures: Figure[] = contenders.map(({ name }) => figure(name, 'MB/s', result.rate(name)));
  for (const task of TASKS)
    figures.push(figure(`${task} / reference`, 'times', result.ratio(task, `${task}, reference`), BARS[task]));

  for (const [shape, of] of Object.entries(SHAPES)) {
    const bodies = [...generateBodies({ seed: 3, totalBytes: SHAPE_BYTES })].map((body) => Buffer.from(of(body)));
    figures.push(figure(`bodies that the kernel takes: ${shape}`, '', shareOf(bodies), { is: 'at least', value: 1 }));
  }
  const folder = process.env[SAMPLES];
  if (folder === undefined) return { figures, notMeasured: [`bodies of real services: ${SAMPLES} names no folder`] };
  const bodies = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  figures.push(
    figure(`bodies that the kernel takes: ${bodies.length} of real services`, '', shareOf(bodies), {
      is: 'at least',
      value: 0.95,
    }),
  );
  return { figures };
}

function linesOf(events: readonly SealableEvent[]): LineBuffer {
  const lines = new LineBuffer(1, 2 * 1024 * 1024);
  for (const event of events) sealEvent(lines, event, lines.leaves.length);
  return lines;
}

/** shareOf gives the share of bodies whose lines the kernel makes. */
function shareOf(bodies: readonly Buffer[]): number {
  const text = { event: ',"event":7,"index":', enqueued: ',"enqueued":"2026-11-22T00:00:00.000Z"', first: '' };
  return bodies.filter((body) => stampBody(body, 0, text) !== undefined).length / bodies.length;
}

/** kernel measures what the WebAssembly module gains over the reference, and how much of what comes it takes. */
export const kernel: Subject = { name: 'kernel', title: 'the kernel beside the reference, one thread', measure };
