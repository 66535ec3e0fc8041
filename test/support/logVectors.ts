import { readFileSync } from 'node:fs';
import { Random } from './random.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import type { AuditsealErrorCode } from '../../src/core/errors.ts';
import { leafHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { TreeRoot } from '../../src/core/merkle/tree.ts';
import type { ReadNode } from '../../src/core/merkle/tree.ts';
import { parseBase64Hash } from '../../src/core/text.ts';

/** loadVectors reads a file of test/vectors. */
export const loadVectors = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));

/** coded matches an AuditsealError with that code. */
export const coded = (code: AuditsealErrorCode): Error =>
  expect.objectContaining({ name: 'AuditsealError', code }) as Error;

/** hashesOf reads base64 hashes of a vector. */
export const hashesOf = (texts: readonly string[]): Hash[] => texts.map((text) => parseBase64Hash(text) as Hash);

/** leafHashes makes `count` leaves that differ. */
export const leafHashes = (count: number): Hash[] =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(`entry-${i}`)));

/** nodeReader gives the nodes of a tree whose leaves are in memory, each made from the leaves. */
export const nodeReader =
  (leaves: readonly Hash[]): ReadNode =>
  ({ level, index }) => {
    const tree = new TreeRoot();
    const part = leaves.slice(index * 2 ** level, (index + 1) * 2 ** level);
    expect(part).toHaveLength(2 ** level);
    for (const leaf of part) tree.add(leaf);
    return tree.root();
  };

/** oneByteChanges gives every text that differs from `good` in one byte, by one of these masks. */
export function* oneByteChanges(good: Buffer): Generator<Buffer> {
  for (const mask of [0x01, 0x20, 0x80]) {
    for (let i = 0; i < good.length; i++) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(i) ^ mask, i);
      yield bad;
    }
  }
}

/** What parsers trip over. */
const PIECES: readonly [string, ...string[]] = [
  '\n',
  ...'\n\n|  |\r|\t|\0|+|-|=|==|/|0|1|00|.p/|x|"|\\|,|{|}|[|]|:|\u2014|\u2014 |\ufeff|é|\\u0041|index |extra |a|A|_|null'.split(
    '|',
  ),
];

/** damaged gives `count` texts made from `good` by a few random cuts, copies and insertions. */
export function* damaged(good: Buffer, seed: number, count: number): Generator<Buffer> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    let bytes = good;
    for (let edits = 1 + random.below(3); edits > 0; edits--) {
      const at = random.below(bytes.length + 1);
      const from = random.below(bytes.length + 1);
      const part = bytes.subarray(from, from + random.below(12));
      const piece = [part, Buffer.from(random.pick(PIECES)), Buffer.alloc(0), Buffer.of(random.below(256))];
      const insert = piece[random.below(piece.length)] as Buffer;
      bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + random.below(4))]);
    }
    yield bytes;
  }
}

/** damagedText is damaged, with what is no longer UTF-8 replaced: for parsers that are given strings. */
export function* damagedText(good: string, seed: number, count: number): Generator<Buffer> {
  for (const bytes of damaged(Buffer.from(good), seed, count)) yield Buffer.from(bytes.toString('utf8'));
}

/**
 * expectExact checks that a parser takes only what its formatter prints: each of the damaged texts is refused (undefined,
 * or one of `codes`) or printed back byte for byte. `printBack` parses and prints. It returns how many were taken.
 */
export function expectExact(
  texts: Iterable<Buffer>,
  codes: readonly AuditsealErrorCode[],
  printBack: (text: Buffer) => Buffer | string | undefined,
): number {
  let taken = 0;
  for (const text of texts) {
    let printed: Buffer | string | undefined;
    try {
      printed = printBack(text);
    } catch (error) {
      if (!(error instanceof AuditsealError) || !codes.includes(error.code)) throw error;
      continue;
    }
    if (printed === undefined) continue;
    taken++;
    if (!Buffer.from(printed).equals(text)) expect(Buffer.from(printed).toString()).toBe(text.toString());
  }
  return taken;
}

/** takenOf gives the bytes that one of the readers doesn't refuse. It throws what they throw otherwise. */
export function takenOf(
  changes: Iterable<Buffer>,
  isRefusal: (error: unknown) => boolean,
  ...readers: readonly ((bytes: Buffer) => unknown)[]
): Buffer[] {
  const taken: Buffer[] = [];
  // Jest makes stack traces slow, and each change costs some.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  for (const bytes of changes) {
    for (const read of readers) {
      try {
        read(bytes);
        taken.push(bytes);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
  }
  Error.stackTraceLimit = stackTraceLimit;
  return taken;
}
