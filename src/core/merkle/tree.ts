import { nodeHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';

/**
 * TreeRoot takes leaf hashes one by one and gives the Merkle tree hash over them. RFC 6962 section 2.1.
 *
 * It keeps the roots of the perfect subtrees to the left, one for each 1 bit of the number of leaves, so memory is
 * log n hashes and each leaf costs one node hash on average.
 */
export class TreeRoot {
  #subtrees: Hash[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(leaf: Hash): void {
    let subtree = leaf;
    // Each trailing 1 bit of the old size is a finished left sibling.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      subtree = nodeHash(this.#subtrees.pop() as Hash, subtree);
    }
    this.#subtrees.push(subtree);
    this.#size += 1;
  }

  /** root is the tree's hash so far; that of no leaves is SHA-256 of nothing. */
  root(): Hash {
    let root = this.#subtrees.at(-1);
    if (root === undefined) return sha256(new Uint8Array(0));
    for (let i = this.#subtrees.length - 2; i >= 0; i--) root = nodeHash(this.#subtrees[i] as Hash, root);
    return root;
  }
}
