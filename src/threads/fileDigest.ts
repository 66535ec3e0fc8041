import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { readInto, withFile } from './readFile.ts';
import type { Hash } from '../core/hash.ts';
import { GONE_DIGEST, TOO_LARGE_DIGEST, digestBytes } from '../ledger/digest.ts';
import type { Digest } from '../ledger/digest.ts';
import { MAX_OBJECT_BYTES } from '../core/objects/sizes.ts';

const PIECE_BYTES = 1024 * 1024;
let piece: Buffer | undefined;

/**
 * digestFile hashes a file, and waits for the disk: it is for threads of their own. Memory is 1 MiB, whatever the file is.
 */
export function digestFile(path: string): Digest {
  try {
    return withFile(path, digestOf) ?? GONE_DIGEST;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'fault';
    if (code === 'ENOENT' || code === 'ENOTDIR') return GONE_DIGEST;
    return { ok: false, isTooLarge: false, why: `it can't be read (${code})` };
  }
}

function digestOf(file: number, size: number): Digest {
  if (size > MAX_OBJECT_BYTES) return TOO_LARGE_DIGEST;
  piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
  if (size <= PIECE_BYTES) return digestBytes(readInto(piece, file, size));
  const hash = createHash('sha256');
  let at = 0;
  while (at < size) {
    const length = readSync(file, piece, 0, Math.min(PIECE_BYTES, size - at), at);
    if (length === 0) break;
    hash.update(piece.subarray(0, length));
    at += length;
  }
  return { ok: true, size: at, sha256: hash.digest('binary') as Hash };
}
