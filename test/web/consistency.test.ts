import { formatHash, leafHash } from '../../src/core/hash.ts';
import { proveConsistency } from '../../src/core/merkle/proof.ts';
import { nodesInMemory, rangeHash } from '../../src/core/merkle/tree.ts';
import { isContinued } from '../../web/verify/merkle.ts';
import type { TreeHead } from '../../web/verify/merkle.ts';

const SIZE = 33;
const leaves = (mark = ''): ReturnType<typeof nodesInMemory> =>
  nodesInMemory(Array.from({ length: SIZE }, (_, i) => leafHash(Buffer.from(`${mark}${i}`))));
const NODES = leaves();
const treeOf = (size: number, nodes = NODES): TreeHead => ({
  size,
  rootHash: formatHash(rangeHash({ start: 0, end: size }, nodes)),
});
const proofOf = (from: number, to: number): string[] => proveConsistency(from, to, NODES).map(formatHash);

test('a tree goes on from each that it begins with, by the proof that the program makes', async () => {
  for (let to = 1; to <= SIZE; to++)
    for (let from = 1; from <= to; from++)
      expect([from, to, await isContinued(treeOf(from), treeOf(to), proofOf(from, to))]).toEqual([from, to, true]);
});

test('a tree goes on from no other, and by no other proof', async () => {
  const other = leaves('other ');
  for (let to = 1; to <= SIZE; to += 3)
    for (let from = 1; from <= to; from++) {
      const [older, tree, proof] = [treeOf(from), treeOf(to), proofOf(from, to)];
      const hash = older.rootHash;
      const wrong: [string, Promise<boolean>][] = [
        ['another older root', isContinued(treeOf(from, other), tree, proof)],
        ['another root', isContinued(older, treeOf(to, other), proof)],
        ['another older size', isContinued({ ...older, size: from + 1 }, tree, proof)],
        ['an older tree of no leaves', isContinued({ ...older, size: 0 }, tree, proof)],
        ['an older tree that is larger', isContinued({ ...older, size: to + 1 }, tree, proof)],
        ['a hash too many', isContinued(older, tree, [...proof, hash])],
        [
          'hashes without end',
          isContinued(
            older,
            tree,
            Array.from({ length: 64 }, () => hash),
          ),
        ],
        ...proof.map((_, i): [string, Promise<boolean>] => [
          `hash ${i} another one`,
          isContinued(
            older,
            tree,
            proof.map((own, k) => (k === i ? '0'.repeat(64) : own)),
          ),
        ]),
        ...proof.map((_, i): [string, Promise<boolean>] => [
          `hash ${i} missing`,
          isContinued(older, tree, proof.toSpliced(i, 1)),
        ]),
      ];
      for (const [what, is] of wrong) expect([from, to, what, await is]).toEqual([from, to, what, false]);
    }
  expect(await isContinued(treeOf(1), { ...treeOf(1), size: 2 ** 53 - 1 }, [])).toBe(false);
});
