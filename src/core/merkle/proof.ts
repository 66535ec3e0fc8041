import { EMPTY_ROOT, nodesInMemory, rangeHash, splitOf } from './tree.ts';
import type { LeafRange, ReadNode, TreeHead } from './tree.ts';
import { nodeHash } from '../hash.ts';
import type { Hash } from '../hash.ts';

/** InclusionProof says that a leaf stands at `index` in a tree of `size` leaves. The leaf's sibling comes first. */
export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly Hash[];
}

/** MAX_PROOF_HASHES is more than any tree of up to 2^53 leaves needs. */
export const MAX_PROOF_HASHES = 63;

/** isLeafIndex tells whether a tree of `size` leaves has a leaf at `index`. */
export const isLeafIndex = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;

/** inclusionRanges are the subtrees that PATH(index, D[size]) names, in its order. RFC 6962 section 2.1.1. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!isLeafIndex(index, size)) throw new RangeError(`a tree of ${size} leaves has none at ${index}`);
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle });
    if (index < middle) end = middle;
    else start = middle;
  }
  return ranges.toReversed();
}

/** consistencyRanges are the subtrees that PROOF(from, D[to]) names, in its order. RFC 6962 section 2.1.2. */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to) {
    throw new RangeError(`a tree of ${from} leaves never grew to ${to}`);
  }
  if (from === 0) return [];
  const ranges: LeafRange[] = [];
  let [start, end] = [0, to];
  while (from !== end) {
    const middle = start + splitOf(end - start);
    ranges.push(from <= middle ? { start: middle, end } : { start, end: middle });
    if (from <= middle) end = middle;
    else start = middle;
  }
  // The verifier knows the root of the old tree; if that is a subtree of the new one, it isn't repeated.
  if (start > 0) ranges.push({ start, end });
  return ranges.toReversed();
}

/** proveInclusion proves the leaf at `index` in a tree of `size` leaves. */
export const proveInclusion = (index: number, size: number, readNode: ReadNode): InclusionProof => ({
  index,
  size,
  hashes: inclusionRanges(index, size).map((range) => rangeHash(range, readNode)),
});

/** proveConsistency proves that the tree of `to` leaves begins with the leaves of the tree of `from`. */
export const proveConsistency = (from: number, to: number, readNode: ReadNode): Hash[] =>
  consistencyRanges(from, to).map((range) => rangeHash(range, readNode));

/** proveInSegment proves the leaf at `index` in a tree whose leaf hashes are all in memory, such as a segment's lines. */
export const proveInSegment = (leaves: readonly Hash[], index: number): InclusionProof =>
  proveInclusion(index, leaves.length, nodesInMemory(leaves));

const half = (number: number): number => Math.floor(number / 2);

/** verifyInclusion tells whether the proof binds the leaf hash to the root. RFC 9162 section 2.1.3.2. */
export function verifyInclusion({ index, size, hashes }: InclusionProof, leaf: Hash, rootHash: Hash): boolean {
  if (!isLeafIndex(index, size)) return false;
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const hash of hashes) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      root = nodeHash(hash, root);
      for (; fn % 2 === 0 && fn !== 0; fn = half(fn)) sn = half(sn);
    } else {
      root = nodeHash(root, hash);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && root === rootHash;
}

/**
 * verifyConsistency tells whether the tree `to` begins with the leaves of the tree `from`. RFC 9162 section 2.1.4.2.
 *
 * A tree is consistent with itself and with the empty one; those proofs are empty.
 */
export function verifyConsistency(from: TreeHead, to: TreeHead, hashes: readonly Hash[]): boolean {
  if (from.size === to.size) return hashes.length === 0 && from.rootHash === to.rootHash;
  if (!isLeafIndex(from.size, to.size)) return false;
  if (from.size === 0) return hashes.length === 0 && from.rootHash === EMPTY_ROOT;
  let [fn, sn] = [from.size - 1, to.size - 1];
  for (; fn % 2 === 1; fn = half(fn)) sn = half(sn);
  // fn is 0 here exactly if the old tree is a perfect subtree of the new one.
  const [first, ...rest] = fn === 0 ? [from.rootHash, ...hashes] : hashes;
  if (first === undefined) return false;
  let [oldRoot, newRoot] = [first, first];
  for (const hash of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      oldRoot = nodeHash(hash, oldRoot);
      newRoot = nodeHash(hash, newRoot);
      for (; fn % 2 === 0 && fn !== 0; fn = half(fn)) sn = half(sn);
    } else {
      newRoot = nodeHash(newRoot, hash);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && oldRoot === from.rootHash && newRoot === to.rootHash;
}
