import { zstdDecompressSync } from 'node:zlib';
import type { SegmentHeader } from '../../src/core/segment/header.ts';

/** Header is a segment's header as its JSON has it. */
export type Header = Omit<SegmentHeader, 'prev' | 'empty'> & {
  readonly prev: string;
  readonly empty?: readonly { readonly event: number; readonly partitionKey?: string }[];
};

/** Reading is what a stored segment says, read without src: whether it is signed, a check at the end looks at. */
export interface Reading {
  readonly header: Header;
  /** the record lines of each event that has some */
  readonly lines: ReadonlyMap<number, readonly string[]>;
  readonly root: string;
  readonly statement: {
    readonly root: string;
    readonly record: number;
    readonly incarnation: number;
    readonly created: string;
    readonly event: number;
    readonly enqueued?: string;
    readonly sealed: string;
  };
}

const MAGIC = Buffer.from('5a2a4d18', 'hex');

/** readStored reads a segment that an honest host stored. */
export function readStored(stored: Buffer): Reading {
  const frame = stored.lastIndexOf(MAGIC, -65);
  const [head = '', ...rest] = zstdDecompressSync(stored.subarray(0, frame)).toString('utf8').split('\n').slice(0, -1);
  const end = rest.pop() ?? '';
  const lines = new Map<number, string[]>();
  for (const line of rest) {
    const event = Number(/"_seal":\{"record":\d+,"event":(\d+)/.exec(line)?.[1] ?? NaN);
    const own = lines.get(event);
    if (own === undefined) lines.set(event, [line]);
    else own.push(line);
  }
  const said = stored.toString('utf8', frame + 8, stored.indexOf('\n', frame + 8));
  return {
    header: (JSON.parse(head) as { _segment: Header })._segment,
    lines,
    root: (JSON.parse(end) as { _end: { root: string } })._end.root,
    statement: JSON.parse(said) as Reading['statement'],
  };
}
