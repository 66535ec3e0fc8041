import { createHash } from 'node:crypto';
import { nodeReader } from './logVectors.ts';
import { leafHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { proveConsistency } from '../../src/core/merkle/proof.ts';
import { rangeHash } from '../../src/core/merkle/tree.ts';
import { formatCheckpoint } from '../../src/core/note/checkpoint.ts';
import { formatNote } from '../../src/core/note/note.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { formatWitnessRequest } from '../../src/core/note/witnessRequest.ts';

const seedOf = (text: string): Buffer => createHash('sha256').update(text).digest();

export const LOG_KEY = createSignerKey('audit.example.com/log1', seedOf('audit-log test vector seed'));
export const WITNESS_KEY = createSignerKey('witness.example.com/w1', seedOf('audit-log test witness seed'));

/** TestLog is a log with "entry-0", "entry-1" and so on in it; from `forkAt` on, a fork has others. */
export class TestLog {
  readonly key: SignerKey;
  readonly #forkAt: number;

  constructor(key = LOG_KEY, forkAt = Infinity) {
    this.key = key;
    this.#forkAt = forkAt;
  }

  #leaves(size: number): Hash[] {
    return Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${i < this.#forkAt ? '' : 'x'}entry-${i}`)));
  }

  text(size: number, extensions: readonly string[] = []): string {
    const rootHash = rangeHash({ start: 0, end: size }, nodeReader(this.#leaves(size)));
    return formatCheckpoint({ origin: this.key.verifierKey.keyName, size, rootHash, extensions });
  }

  /** checkpoint gives the signed checkpoint of the tree of that size. */
  checkpoint(size: number, extensions: readonly string[] = []): Buffer {
    const text = this.text(size, extensions);
    return formatNote({ text, signatures: [signNote(text, this.key)] });
  }

  proof(from: number, to: number): Hash[] {
    return proveConsistency(from, to, nodeReader(this.#leaves(to)));
  }

  /** request gives the body of add-checkpoint that takes a witness from one size to the next. */
  request(oldSize: number, size: number): Buffer {
    return formatWitnessRequest({
      oldSize,
      proof: this.proof(oldSize, size),
      checkpoint: this.checkpoint(size),
    });
  }
}
