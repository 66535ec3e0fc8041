import { readFileSync } from 'node:fs';
import { formatHash, leafHash } from '../../../src/core/hash.ts';
import { TreeRoot } from '../../../src/core/merkle/tree.ts';
import { referenceRoot } from '../../support/referenceLedger.ts';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/merkle.json', import.meta.url), 'utf8')) as {
  leaves: string[];
  roots: string[];
};

describe('TreeRoot', () => {
  test.each(vectors.roots.map((root, size) => [size, root] as const))(
    'of the first %d leaves is known',
    (size, root) => {
      const leaves = vectors.leaves.slice(0, size).map((leaf) => Buffer.from(leaf, 'hex'));
      const tree = new TreeRoot();
      for (const leaf of leaves) tree.add(leafHash(leaf));
      expect(formatHash(tree.root())).toBe(root);
      expect(referenceRoot(leaves)).toBe(root);
    },
  );

  test('is the Merkle tree hash after each of 300 leaves', () => {
    const tree = new TreeRoot();
    const leaves: Buffer[] = [];
    for (let size = 1; size <= 300; size++) {
      const leaf = Buffer.from(`entry-${size}`);
      leaves.push(leaf);
      tree.add(leafHash(leaf));
      expect(tree.size).toBe(size);
      expect(formatHash(tree.root())).toBe(referenceRoot(leaves));
    }
  });
});
