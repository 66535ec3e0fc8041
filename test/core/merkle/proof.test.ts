import { leafHash, nodeHash } from '../../../src/core/hash.ts';
import type { Hash } from '../../../src/core/hash.ts';
import {
  consistencyRanges,
  inclusionRanges,
  proveConsistency,
  proveInSegment,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/core/merkle/proof.ts';
import { EMPTY_ROOT, TreeRoot, nodesOf, rangeHash } from '../../../src/core/merkle/tree.ts';
import type { TreeNode } from '../../../src/core/merkle/tree.ts';
import { formatBase64Hash } from '../../../src/core/text.ts';
import { hashesOf, leafHashes, loadVectors, nodeReader } from '../../support/logVectors.ts';

interface Inclusion {
  index: number;
  size: number;
  hashes: string[];
}
interface Consistency {
  from: number;
  to: number;
  hashes: string[];
}
const vectors = loadVectors('proofs.json') as {
  entries: string[];
  roots: string[];
  inclusion: { good: Inclusion[]; bad: (Inclusion & { name: string })[] };
  consistency: { good: Consistency[]; bad: (Consistency & { name: string })[] };
};
const leaves = vectors.entries.map((entry) => leafHash(Buffer.from(entry)));
const roots = hashesOf(vectors.roots);
const head = (size: number): { size: number; rootHash: Hash } => ({ size, rootHash: roots[size] as Hash });

// The oracle: the definitions of RFC 6962 section 2.1, word for word.
const splitOf = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};
/** A list D[start:end], so that the hash of each is computed once. */
interface List {
  readonly start: number;
  readonly end: number;
}
class Oracle {
  readonly #leaves: readonly Hash[];
  readonly #known = new Map<string, Hash>();

  constructor(leaves: readonly Hash[]) {
    this.#leaves = leaves;
  }

  mth({ start, end }: List): Hash {
    const key = `${start}:${end}`;
    let hash = this.#known.get(key);
    if (hash !== undefined) return hash;
    if (end - start === 1) return this.#leaves[start] as Hash;
    const k = start + splitOf(end - start);
    hash = nodeHash(this.mth({ start, end: k }), this.mth({ start: k, end }));
    this.#known.set(key, hash);
    return hash;
  }

  path(m: number, { start, end }: List): Hash[] {
    if (end - start === 1) return [];
    const k = splitOf(end - start);
    const [left, right] = [
      { start, end: start + k },
      { start: start + k, end },
    ];
    return m < k ? [...this.path(m, left), this.mth(right)] : [...this.path(m - k, right), this.mth(left)];
  }

  subproof(m: number, list: List, isWhole: boolean): Hash[] {
    const { start, end } = list;
    if (m === end - start) return isWhole ? [] : [this.mth(list)];
    const k = splitOf(end - start);
    const [left, right] = [
      { start, end: start + k },
      { start: start + k, end },
    ];
    return m <= k
      ? [...this.subproof(m, left, isWhole), this.mth(right)]
      : [...this.subproof(m - k, right, false), this.mth(left)];
  }
}

describe('the known tree', () => {
  test('has the known roots', () => {
    for (const [size, root] of roots.entries()) {
      expect(rangeHash({ start: 0, end: size }, nodeReader(leaves))).toBe(root);
    }
  });

  test.each(vectors.inclusion.good)('has the known inclusion proof of $index in $size', ({ index, size, hashes }) => {
    const proof = proveInclusion(index, size, nodeReader(leaves));
    expect(proof.hashes.map(formatBase64Hash)).toEqual(hashes);
    expect(verifyInclusion(proof, leaves[index] as Hash, roots[size] as Hash)).toBe(true);
  });

  test.each(vectors.inclusion.bad)('has no leaf 3 by $name', ({ index, size, hashes }) => {
    const proof = { index, size, hashes: hashesOf(hashes) };
    for (const root of roots) expect(verifyInclusion(proof, leaves[3] as Hash, root)).toBe(false);
  });

  test.each(vectors.consistency.good)('has the known consistency proof of $from and $to', ({ from, to, hashes }) => {
    const proof = proveConsistency(from, to, nodeReader(leaves));
    expect(proof.map(formatBase64Hash)).toEqual(hashes);
    expect(verifyConsistency(head(from), head(to), proof)).toBe(true);
  });

  test.each(vectors.consistency.bad)('is not consistent by $name', ({ from, to, hashes }) => {
    expect(verifyConsistency(head(from), head(to), hashesOf(hashes))).toBe(false);
  });

  test('is not consistent with other roots', () => {
    const proof = proveConsistency(3, 5, nodeReader(leaves));
    for (const rootHash of roots.filter((root) => root !== roots[3])) {
      expect(verifyConsistency({ size: 3, rootHash }, head(5), proof)).toBe(false);
    }
    for (const rootHash of roots.filter((root) => root !== roots[5])) {
      expect(verifyConsistency(head(3), { size: 5, rootHash }, proof)).toBe(false);
      expect(verifyConsistency({ size: 5, rootHash }, head(5), [])).toBe(false);
    }
    expect(verifyConsistency({ size: 0, rootHash: roots[1] as Hash }, head(5), [])).toBe(false);
  });
});

const MOST = 130;

describe(`all trees of up to ${MOST} leaves`, () => {
  const all = leafHashes(MOST);
  const oracle = new Oracle(all);
  const known = Array.from({ length: MOST + 1 }, (_, size) =>
    size === 0 ? EMPTY_ROOT : oracle.mth({ start: 0, end: size }),
  );
  const read = memoised(nodeReader(all));
  const wrong = leafHash(Buffer.from('not in the tree'));

  test('have the inclusion proofs of RFC 6962, which bind leaf, index, size and root', () => {
    for (let size = 1; size <= MOST; size++) {
      const d = all.slice(0, size);
      for (let index = 0; index < size; index++) {
        const proof = proveInclusion(index, size, read);
        const leaf = all[index] as Hash;
        const root = known[size] as Hash;
        const isRight =
          proof.hashes.join() === oracle.path(index, { start: 0, end: size }).join() &&
          verifyInclusion(proof, leaf, root) &&
          !verifyInclusion(proof, wrong, root) &&
          !verifyInclusion(proof, leaf, wrong) &&
          !verifyInclusion({ ...proof, index: index ^ 1 }, leaf, root) &&
          !verifyInclusion({ ...proof, hashes: [...proof.hashes, wrong] }, leaf, root) &&
          (size === 1 || !verifyInclusion({ ...proof, hashes: proof.hashes.slice(1) }, leaf, root)) &&
          (size === 1 || !verifyInclusion({ ...proof, hashes: [wrong, ...proof.hashes.slice(1)] }, leaf, root));
        if (!isRight) throw new Error(`inclusion of ${index} in ${size}`);
      }
      expect(proveInSegment(d, size - 1)).toEqual(proveInclusion(size - 1, size, read));
      expect(proveInSegment(d, size >> 1)).toEqual(proveInclusion(size >> 1, size, read));
    }
  });

  test('have the consistency proofs of RFC 6962, which bind both sizes and both roots', () => {
    for (let to = 0; to <= MOST; to++) {
      for (let from = 0; from <= to; from++) {
        const proof = proveConsistency(from, to, read);
        const [older, newer] = [
          { size: from, rootHash: known[from] as Hash },
          { size: to, rootHash: known[to] as Hash },
        ];
        const expected = from === 0 ? [] : oracle.subproof(from, { start: 0, end: to }, true);
        const isTrivial = from === 0 || from === to;
        const isRight =
          proof.join() === expected.join() &&
          verifyConsistency(older, newer, proof) &&
          !verifyConsistency({ ...older, rootHash: wrong }, newer, proof) &&
          (from === 0 || !verifyConsistency(older, { ...newer, rootHash: wrong }, proof)) &&
          !verifyConsistency(older, newer, [...proof, wrong]) &&
          (isTrivial || !verifyConsistency(older, newer, proof.slice(1))) &&
          (isTrivial || !verifyConsistency(older, newer, proof.slice(0, -1))) &&
          (isTrivial || !verifyConsistency(older, newer, [wrong, ...proof.slice(1)])) &&
          (isTrivial || !verifyConsistency(newer, older, proof));
        if (!isRight) throw new Error(`consistency of ${from} and ${to}`);
      }
    }
    expect(known[MOST]).not.toBe(wrong);
  });
});

function memoised(read: (node: TreeNode) => Hash): (node: TreeNode) => Hash {
  const cache = new Map<string, Hash>();
  return (node) => {
    const key = `${node.level}/${node.index}`;
    const hash = cache.get(key) ?? read(node);
    cache.set(key, hash);
    return hash;
  };
}

describe('a proof that was made to fit a wrong root', () => {
  const x = leafHash(Buffer.from('x'));
  const [l0, l1] = leaves as [Hash, Hash];

  test('has no more hashes than the tree has levels', () => {
    expect(verifyInclusion({ index: 0, size: 1, hashes: [x] }, l0, nodeHash(x, l0))).toBe(false);
    expect(verifyInclusion({ index: 1, size: 2, hashes: [l0, x] }, l1, nodeHash(x, nodeHash(l0, l1)))).toBe(false);
    const [older, newer] = [head(3), head(5)];
    const proof = proveConsistency(3, 5, nodeReader(leaves));
    const longer = {
      older: { size: 3, rootHash: nodeHash(x, older.rootHash) },
      newer: { size: 5, rootHash: nodeHash(x, newer.rootHash) },
    };
    expect(verifyConsistency(longer.older, longer.newer, [...proof, x])).toBe(false);
  });

  test('has no fewer either', () => {
    expect(verifyInclusion({ index: 0, size: 4, hashes: [l1] }, l0, nodeHash(l0, l1))).toBe(false);
    const proof = proveConsistency(3, 4, nodeReader(leaves));
    expect(verifyConsistency(head(3), { size: 5, rootHash: roots[4] as Hash }, proof)).toBe(false);
  });

  test.each([
    [3, 1],
    [-1, 1],
    [1.5, 1],
    [NaN, 1],
    [2, 2 ** 53],
    [1, 1.5],
  ])('is refused from %d to %d', (from, to) => {
    expect(verifyConsistency({ size: from, rootHash: x }, { size: to, rootHash: x }, [x])).toBe(false);
    expect(verifyConsistency({ size: from, rootHash: x }, { size: to, rootHash: x }, [])).toBe(false);
  });
});

describe('trees beyond 32 bits', () => {
  // A tree whose leaves are all the same has one hash a level, so any size can be computed.
  const leaf = leafHash(Buffer.from('same'));
  const levels = [leaf];
  for (let level = 1; level < 54; level++) levels.push(nodeHash(levels[level - 1] as Hash, levels[level - 1] as Hash));
  const read = ({ level }: TreeNode): Hash => levels[level] as Hash;
  const MAX = Number.MAX_SAFE_INTEGER;
  const sizes = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40 + 2 ** 33 + 1, 2 ** 52, 2 ** 52 + 1, MAX - 1, MAX];

  test.each(sizes)('prove and verify in %d leaves', (size) => {
    const rootHash = rangeHash({ start: 0, end: size }, read);
    for (const index of [0, 1, 2 ** 31 - 1, size - 2, size - 1, Math.floor(size / 2), Math.floor(size / 3)]) {
      const proof = proveInclusion(index, size, read);
      expect(verifyInclusion(proof, leaf, rootHash)).toBe(true);
      expect(verifyInclusion(proof, levels[1] as Hash, rootHash)).toBe(false);
      expect(proof.hashes.length).toBeLessThanOrEqual(53);
    }
    for (const from of [1, 5, 2 ** 31 - 1, size - 1, Math.floor(size / 2), Math.floor(size / 3)]) {
      const older = { size: from, rootHash: rangeHash({ start: 0, end: from }, read) };
      const proof = proveConsistency(from, size, read);
      expect(verifyConsistency(older, { size, rootHash }, proof)).toBe(true);
      expect(verifyConsistency(older, { size, rootHash: leaf }, proof)).toBe(false);
    }
  });

  test('take sizes apart into perfect subtrees', () => {
    const nodes = nodesOf({ start: 0, end: MAX });
    expect(nodes).toHaveLength(53);
    expect(nodes[0]).toEqual({ level: 52, index: 0 });
    expect(nodes.at(-1)).toEqual({ level: 0, index: MAX - 1 });
    expect(nodesOf({ start: 0, end: 0 })).toEqual([]);
  });
});

describe('ranges', () => {
  test.each([
    [0, 0],
    [-1, 5],
    [5, 5],
    [1.5, 5],
    [0, 2 ** 53],
    [NaN, 5],
  ])('a leaf %d in a tree of %d is refused', (index, size) => {
    expect(() => inclusionRanges(index, size)).toThrow(RangeError);
  });

  test.each([
    [-1, 5],
    [6, 5],
    [1.5, 5],
    [0.5, 0.5],
    [2 ** 53, 2 ** 53],
    [NaN, NaN],
    [-1, -1],
  ])('growth from %d to %d is refused', (from, to) => {
    expect(() => consistencyRanges(from, to)).toThrow(RangeError);
  });

  test('a tree in memory is the same tree', () => {
    const tree = new TreeRoot();
    for (const leaf of leaves) tree.add(leaf);
    expect(tree.root()).toBe(roots[5]);
  });
});
