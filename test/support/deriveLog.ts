import { createHash, verify } from 'node:crypto';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import { deriveChain } from './derive.ts';
import { depthOf } from './referenceBody.ts';
import { referenceRoot } from './referenceLedger.ts';

const number = (value: number): string => String(value).padStart(12, '0');

export interface DerivedLog {
  /** leaf data of the log */
  readonly entries: readonly Buffer[];
  /** sizes of the checkpoints */
  readonly sizes: readonly number[];
}

interface AnyEntry {
  readonly type: string;
  readonly name: string;
  readonly sha256: string;
  readonly partition: string;
  readonly root: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * deriveLog re-derives the log from the stored bytes alone, by the rules of docs/format.md, and throws where it breaks one:
 * dense names, every checkpoint signed over the naive tree hash of the batches up to it, entries that are true.
 */
export function deriveLog(objects: ReadonlyMap<string, Buffer>, key: VerifierKey): DerivedLog {
  const entries: Buffer[] = [];
  const sizes: number[] = [];
  for (let n = 0; objects.has(`batches/${number(n)}.jsonl`); n++) {
    const lines = (objects.get(`batches/${number(n)}.jsonl`) as Buffer).toString('latin1').split('\n');
    if (lines.pop() !== '') throw new Error(`batch ${n} does not end with LF`);
    if (lines.length > 2000 || lines.join(' ').length >= 32 * 2 ** 20) throw new Error(`batch ${n} is too large`);
    entries.push(...lines.map((line) => Buffer.from(line, 'latin1')));
    const note = objects.get(`checkpoints/${number(n)}`)?.toString('utf8');
    if (note === undefined) continue;
    if (sizes.length !== n) throw new Error(`checkpoint ${n} is there, and one before is not`);
    const [text, signatures] = [note.slice(0, note.indexOf('\n\n') + 1), note.slice(note.indexOf('\n\n') + 2)];
    const root = Buffer.from(referenceRoot(entries), 'hex').toString('base64');
    if (text !== `${key.keyName}\n${entries.length}\n${root}\n`) throw new Error(`checkpoint ${n} is of another tree`);
    const signature = Buffer.from(signatures.split(' ')[2] as string, 'base64').subarray(4);
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) throw new Error(`signature ${n}`);
    sizes.push(entries.length);
  }
  const count = (prefix: string): number => [...objects.keys()].filter((name) => name.startsWith(prefix)).length;
  if (count('checkpoints/') !== sizes.length) throw new Error('a checkpoint has no batch');
  if (count('batches/') > sizes.length + 1) throw new Error('a batch has no checkpoint');
  if (entries.some((line) => depthOf(line.toString('latin1')) > 64)) throw new Error('an entry nests too deep');
  for (const entry of entries.map((line) => JSON.parse(line.toString('utf8')) as AnyEntry)) {
    if (entry.type === 'heads') continue;
    if (sha256(objects.get(entry.name) as Buffer) !== entry.sha256) throw new Error(`entry of ${entry.name}`);
  }
  return { entries, sizes };
}

/** namesIn gives the objects that the entries are of, in order, as "type name". */
export const namesIn = ({ entries }: DerivedLog): string[] =>
  entries
    .map((line) => JSON.parse(line.toString('utf8')) as AnyEntry)
    .filter(({ type }) => type !== 'heads')
    .map(({ type, name }) => `${type} ${name}`);

/** expectWholeLog checks that every segment of the partitions has one entry, in order, and what is foreign too. */
export function expectWholeLog(
  objects: ReadonlyMap<string, Buffer>,
  log: DerivedLog,
  partitions: readonly string[],
): void {
  const names = namesIn(log);
  for (const partition of partitions) {
    const chain = deriveChain(objects, partition);
    const start = `segments/${partition}/`;
    const wanted = [...objects.keys()]
      .filter((name) => name.startsWith(start))
      .sort()
      .map(
        (name) => `${chain.foreign.includes(Number(name.slice(start.length, -10))) ? 'foreign' : 'segment'} ${name}`,
      );
    expect(names.filter((name) => name.includes(` ${start}`))).toEqual(wanted);
  }
  expect(new Set(names).size).toBe(names.length);
}
