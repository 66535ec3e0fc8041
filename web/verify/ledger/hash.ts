import { sha256 as digest } from '@noble/hashes/sha2.js';
import { toHex } from '../bytes.ts';

// The browser's own SHA-256 answers later, which costs more than to hash a record; so lines are hashed here.

/** Digest is 32 bytes of SHA-256. */
export type Digest = Uint8Array;

/** sha256 gives the SHA-256 of bytes in hex. */
export const sha256 = (bytes: Uint8Array): string => toHex(digest(bytes));

/** leafHash is SHA-256(0x00 || leaf). RFC 6962 section 2.1. */
export function leafHash(leaf: Uint8Array): Digest {
  const input = new Uint8Array(leaf.length + 1);
  input.set(leaf, 1);
  return digest(input);
}

/** leafHashAt is leafHash of bytes[start, end) without a copy: the byte before them, which must be there, is 0 meanwhile. */
export function leafHashAt(bytes: Uint8Array, start: number, end: number): Digest {
  const before = bytes[start - 1] as number;
  bytes[start - 1] = 0;
  const hash = digest(bytes.subarray(start - 1, end));
  bytes[start - 1] = before;
  return hash;
}

/** nodeHash is SHA-256(0x01 || left || right). RFC 6962 section 2.1. */
function nodeHash(left: Digest, right: Digest): Digest {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return digest(input);
}

/** foldRight joins the roots of full trees, the largest first, to the root of the tree over all of them. */
export function foldRight(roots: readonly Digest[]): Digest {
  if (roots.length === 0) return digest(new Uint8Array());
  return roots.reduceRight((right, left) => nodeHash(left, right));
}

/** RootOf computes the root over leaves that are added one by one, in memory for the logarithm of their number. */
export class RootOf {
  size = 0;
  /** roots of full trees, the largest first */
  readonly #full: Digest[] = [];

  add(leaf: Digest): void {
    let hash = leaf;
    this.size += 1;
    for (let size = this.size; size % 2 === 0; size /= 2) hash = nodeHash(this.#full.pop() as Digest, hash);
    this.#full.push(hash);
  }

  /** roots gives the roots of the full trees that the leaves make, the largest first. */
  roots(): readonly Digest[] {
    return this.#full;
  }

  root(): Digest {
    return foldRight(this.#full);
  }
}
