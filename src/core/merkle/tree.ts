import { nodeHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { kernel } from '../wasm/kernel.ts';

/** How many leaves are hashed at once: a power of two, and what the kernel takes. */
const BLOCK_LEAVES = 1024;
/** Fewer leaves than this cost less where they are. */
const FEW_LEAVES = 6;
const HASH_BYTES = 32;

/**
 * TreeRoot takes leaf hashes one by one and gives the Merkle tree hash over them. RFC 6962 section 2.1.
 *
 * It keeps the roots of the perfect subtrees of 1,024 leaves and more to the left, one for each 1 bit of their number, and the
 * leaves behind them, so memory is log n hashes and 1,023 leaves, and each leaf costs one node hash on average.
 */
export class TreeRoot {
  readonly #subtrees: Hash[] = [];
  #blocks = 0;
  #leaves: Hash[] = [];

  get size(): number {
    return this.#blocks * BLOCK_LEAVES + this.#leaves.length;
  }

  add(leaf: Hash): void {
    this.#leaves.push(leaf);
    if (this.#leaves.length < BLOCK_LEAVES) return;
    addSubtree(this.#subtrees, this.#blocks, rootOf(this.#leaves));
    this.#blocks += 1;
    this.#leaves = [];
  }

  /** root is the tree's hash so far; that of no leaves is SHA-256 of nothing. */
  root(): Hash {
    return joinHashes(this.#leaves.length === 0 ? this.#subtrees : [...this.#subtrees, rootOf(this.#leaves)]);
  }
}

/** addSubtree adds the root of a perfect subtree behind `count` of the same size, whose roots are joined in `subtrees`. */
function addSubtree(subtrees: Hash[], count: number, root: Hash): void {
  // Each trailing 1 bit of the old count is a finished left sibling.
  for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) root = nodeHash(subtrees.pop() as Hash, root);
  subtrees.push(root);
}

/** rootOf is the root over 1 to 1,024 leaves. */
function rootOf(leaves: readonly Hash[]): Hash {
  const it = leaves.length < FEW_LEAVES ? undefined : kernel();
  if (it !== undefined) {
    it.bytes.write(leaves.join(''), it.leaves, 'latin1');
    if (it.root(leaves.length) >= 0) return it.bytes.toString('latin1', it.leaves, it.leaves + HASH_BYTES) as Hash;
  }
  const subtrees: Hash[] = [];
  for (let i = 0; i < leaves.length; i++) addSubtree(subtrees, i, leaves[i] as Hash);
  return joinHashes(subtrees);
}

/** TreeHead is what a Merkle tree is known by. */
export interface TreeHead {
  readonly size: number;
  readonly rootHash: Hash;
}

/** isSameTree tells whether two heads are of one tree. */
export const isSameTree = (one: TreeHead, other: TreeHead): boolean =>
  one.size === other.size && one.rootHash === other.rootHash;

/** TreeNode is a perfect subtree: 2^level leaves from index * 2^level on. Level 0 is the leaves. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** LeafRange is leaves from `start` to before `end`, that are a subtree of some tree of RFC 6962. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** ReadNode gives the hash of a perfect subtree, from wherever the tree is kept. */
export type ReadNode = (node: TreeNode) => Hash;

/** nodesInMemory gives the hashes of the perfect subtrees over leaves: each was computed once, for however many proofs. */
export function nodesInMemory(leaves: readonly Hash[]): ReadNode {
  const levels = [leaves];
  for (let below = leaves; below.length > 1;) {
    const above: Hash[] = [];
    for (let i = 0; i + 1 < below.length; i += 2) above.push(nodeHash(below[i] as Hash, below[i + 1] as Hash));
    levels.push(above);
    below = above;
  }
  return ({ level, index }) => levels[level]?.[index] as Hash;
}

/** EMPTY_ROOT is the root of a tree without leaves: SHA-256 of nothing. RFC 6962 section 2.1. */
export const EMPTY_ROOT = sha256(new Uint8Array(0));

/** splitOf is where the left subtree of a tree of n > 1 leaves ends: the largest power of two below n. */
export function splitOf(leaves: number): number {
  let split = 1;
  while (split * 2 < leaves) split *= 2;
  return split;
}

/** nodesOf takes a range apart into perfect subtrees, from left to right. Their sizes fall. */
export function nodesOf({ start, end }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    let leaves = 1;
    for (; leaves * 2 <= end - at; leaves *= 2) level++;
    nodes.push({ level, index: at / leaves });
    at += leaves;
  }
  return nodes;
}

/** rangeHash is the Merkle tree hash over the leaves of a range. RFC 6962 section 2.1. */
export function rangeHash(range: LeafRange, readNode: ReadNode): Hash {
  return joinHashes(nodesOf(range).map(readNode));
}

/** joinHashes is the root over perfect subtrees whose sizes fall from left to right. */
export function joinHashes(subtrees: readonly Hash[]): Hash {
  let root = subtrees.at(-1) ?? EMPTY_ROOT;
  for (let i = subtrees.length - 2; i >= 0; i--) root = nodeHash(subtrees[i] as Hash, root);
  return root;
}
