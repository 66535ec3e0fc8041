import { parseHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { CategoryCount } from '../../src/core/segment/categories.ts';
import { visitRecords } from '../../src/core/segment/lines.ts';
import type { RecordLine } from '../../src/core/segment/lines.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import type { RecordVisitor } from '../../src/core/segment/reader.ts';
import { LineBuffer, sealEvent } from '../../src/core/segment/seal.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { stampBody } from '../../src/core/segment/stamp.ts';
import { compress } from '../../src/core/segment/zstd.ts';
import { kernel, switchKernel } from '../../src/core/wasm/kernel.ts';
import type { Kernel } from '../../src/core/wasm/kernel.ts';
import type { Random } from './random.ts';

/** byReference does some work without the kernel. */
export function byReference<T>(work: () => T): T {
  switchKernel(false);
  try {
    return work();
  } finally {
    switchKernel(true);
  }
}

/** theKernel gives the kernel, and fails where there is none: then nothing would be compared. */
export function theKernel(): Kernel {
  const it = kernel();
  if (it === undefined) throw new Error('there is no kernel here');
  return it;
}

/** isTaken tells whether the kernel makes the lines of a body. */
export const isTaken = (body: Buffer): boolean =>
  stampBody(body, 0, { event: ',"event":0,"index":', enqueued: ',"enqueued":""', first: '' }) !== undefined;

/** litter overwrites what the kernel works with, as bytes that an earlier call left. */
export function litter(random: Random): void {
  const { bytes, input, mostInput, output, leaves, mostLeaves, first, mostFirst } = theKernel();
  const byte = random.pick([0x00, 0x22, 0x5c, 0x0a, 0x30, 0x7d, 0xff]);
  for (const [at, length] of [
    [input, mostInput],
    [output, mostInput],
    [leaves, mostLeaves * 32],
    [first, mostFirst],
  ] as const)
    bytes.fill(byte, at, at + length);
}

/** SealedLines is what sealing an event came to. */
export interface SealedLines {
  readonly count: number;
  readonly lines: string;
  readonly leaves: readonly Hash[];
}

/** linesOf seals one event. */
export function linesOf(event: SealableEvent, record: number): SealedLines {
  const lines = new LineBuffer(1, 16);
  const count = sealEvent(lines, event, record);
  return { count, lines: lines.bytes.toString('latin1', lines.start, lines.length), leaves: lines.leaves };
}

/** said gives what was read, or in what words it was refused. */
function said<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}

/** readContent reads the lines of a segment as checks do, and as whoever searches does, and gives what each made of it as a text. */
export function readContent(content: Buffer): string {
  const frames = compress(content);
  const shown: number[] = [];
  const categories = new CategoryCount();
  const visit: RecordVisitor = (_bytes, start, end) => shown.push(start, end);
  const reading = said(() => readSegment(frames, { visit, categories }));
  const records: RecordLine[] = [];
  const header = said(() => visitRecords(Buffer.from(content), (line) => records.push(line)));
  return JSON.stringify({ reading, shown, categories: [...categories.counts], header, records });
}

/** leavesOf gives hashes that stand for those of leaves. */
export const leavesOf = (random: Random, count: number): Hash[] =>
  Array.from(
    { length: count },
    () =>
      parseHash(
        Array.from({ length: 8 }, () =>
          random
            .below(2 ** 32)
            .toString(16)
            .padStart(8, '0'),
        ).join(''),
      ) as Hash,
  );
