import { concat, hexBytes, toHex } from './bytes.ts';

/** InclusionProof says that a leaf stands at `index` in a tree of `size` leaves. Hashes are hex, the leaf's sibling first. */
export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly string[];
}

/** Climb is one step from a leaf to the root. */
export interface Climb {
  /** the hash that the proof gives, and on which side of ours it stands */
  readonly sibling: string;
  readonly side: 'left' | 'right';
  /** the hash of both */
  readonly parent: string;
}

/** MAX_PROOF_HASHES is more than any tree of up to 2^53 leaves needs. */
export const MAX_PROOF_HASHES = 63;

/** sha256 gives the SHA-256 of bytes in hex. */
export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));

/** leafHash is SHA-256(0x00 || leaf). RFC 6962 section 2.1. */
export const leafHash = (leaf: Uint8Array): Promise<string> => sha256(concat(Uint8Array.of(0), leaf));

const nodeHash = (left: string, right: string): Promise<string> => sha256(hexBytes(`01${left}${right}`));

/** isLeafIndex tells whether a tree of `size` leaves has a leaf at `index`. */
export const isLeafIndex = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;

/** TreeHead is a tree by its number of leaves and its root, in hex. */
export interface TreeHead {
  readonly size: number;
  readonly rootHash: string;
}

const half = (number: number): number => Math.floor(number / 2);

/**
 * climb follows an inclusion proof from the leaf's hash, and gives the root that it leads to with the steps; undefined if
 * the proof is too short or too long for its tree. RFC 9162 section 2.1.3.2.
 */
export async function climb(
  { index, size, hashes }: InclusionProof,
  leaf: string,
): Promise<{ root: string; steps: Climb[] } | undefined> {
  if (!isLeafIndex(index, size)) return undefined;
  const steps: Climb[] = [];
  let root = leaf;
  let [at, last] = [index, size - 1];
  for (const sibling of hashes) {
    if (last === 0) return undefined;
    // A node without a right neighbour goes up unchanged until it has a left one.
    const side = at % 2 === 1 || at === last ? 'left' : 'right';
    if (side === 'left') for (; at % 2 === 0 && at !== 0; at = half(at)) last = half(last);
    root = await (side === 'left' ? nodeHash(sibling, root) : nodeHash(root, sibling));
    steps.push({ sibling, side, parent: root });
    at = half(at);
    last = half(last);
  }
  return last === 0 ? { root, steps } : undefined;
}

/**
 * isContinued tells whether a consistency proof shows that a tree begins with the leaves of an older one. It goes the way in which
 * RFC 6962, section 2.1.2, makes the proof: down to where the older tree ends, and up again with both roots.
 */
export async function isContinued(older: TreeHead, tree: TreeHead, hashes: readonly string[]): Promise<boolean> {
  if (older.size < 1 || older.size > tree.size || hashes.length > MAX_PROOF_HASHES) return false;
  let used = 0;
  /** gives the root over the leaves of a subtree that the older tree has, `size` of them, and the root over all of it. */
  async function rootsOf(size: number, of: number, isWhole: boolean): Promise<readonly [string, string] | undefined> {
    if (size === of) {
      const root = isWhole ? older.rootHash : hashes[used++];
      return root === undefined ? undefined : [root, root];
    }
    const split = powerBelow(of);
    const isLeft = size <= split;
    const roots = await (isLeft ? rootsOf(size, split, isWhole) : rootsOf(size - split, of - split, false));
    const sibling = hashes[used++];
    if (roots === undefined || sibling === undefined) return undefined;
    const [old, all] = roots;
    return isLeft ? [old, await nodeHash(all, sibling)] : [await nodeHash(sibling, old), await nodeHash(sibling, all)];
  }
  const [old, all] = (await rootsOf(older.size, tree.size, true)) ?? [];
  return used === hashes.length && old === older.rootHash && all === tree.rootHash;
}

/** powerBelow gives the largest power of two below a number above 1. */
function powerBelow(number: number): number {
  let power = 1;
  while (power * 2 < number) power *= 2;
  return power;
}
