import { decodeUtf8, toHex } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { parseCheckpoint, parseNote, verifyNote } from '../note.ts';
import type { Checkpoint, Note } from '../note.ts';
import type { Trust } from '../signed/trust.ts';
import { shortKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { LogSoFar } from './batches.ts';
import type { Findings } from './findings.ts';
import { checkpointName } from './names.ts';

/** How a checkpoint stands to the batches up to it; `unknown` if it is invalid, or batches are missing. */
export type Fit = 'fits' | 'differs' | 'unknown';

/** MAX_SIGNERS bounds the names that are shown of who signed. */
const MAX_SIGNERS = 20;

/** So many checkpoints that differ are named, one after the other; where the tree is wrong, all later ones do. */
const MAX_NAMED = 100;

/** Checkpoints compares every checkpoint with the tree over the batches up to it. */
export class Checkpoints {
  readonly #findings: Findings;
  readonly #trust: Trust;
  readonly #given: readonly VerifierKey[] | undefined;
  /** checkpoints that differ, one after the other: the first of them, and how many more there are */
  #doubts: { readonly number: number; readonly detail: string }[] = [];
  #moreDoubts = 0;
  checkpoints = 0;
  /** those whose tree isn't known, because a batch up to them is lost or can't be read */
  uncompared = 0;
  signatures = 0;
  /** keys that verified signatures */
  readonly signedBy = new Set<string>();
  /** names and IDs in the signature lines: claims, as long as no key verified them */
  readonly signers = new Set<string>();

  /** Of keys those count that were given; if none were, those that the log itself announces. */
  constructor(findings: Findings, trust: Trust, given: readonly VerifierKey[] | undefined) {
    this.#findings = findings;
    this.#trust = trust;
    this.#given = given;
  }

  /** open reads a checkpoint and checks its signatures. It gives undefined for one that is wrong, and says why. */
  async open(
    object: string,
    bytes: Uint8Array,
    announced: readonly VerifierKey[],
  ): Promise<{ checkpoint: Checkpoint; note: Note } | undefined> {
    try {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw new Fault('NOTE_MALFORMED', 'the checkpoint is not UTF-8');
      const note = parseNote(text);
      const checkpoint = parseCheckpoint(note.text);
      this.#noteSigners(note);
      if (this.#trust.ledger !== undefined && checkpoint.origin !== this.#trust.ledger)
        throw new Fault('CHECKPOINT_MALFORMED', 'it is of another log');
      const { own } = await verifyNote(note, checkpoint.origin, this.#given ?? announced);
      for (const { key } of own) this.signedBy.add(shortKey(key));
      this.signatures += 1;
      this.#trust.ledger ??= checkpoint.origin;
      return { checkpoint, note };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#findings.say('checkpoint-invalid', object, error.message);
      return undefined;
    }
  }

  /**
   * openUncompared takes notice of a checkpoint whose batch nobody can read. One by keys that aren't known is no fault: that batch
   * may announce them.
   */
  async openUncompared(
    object: string,
    bytes: Uint8Array,
    announced: readonly VerifierKey[],
  ): Promise<{ checkpoint: Checkpoint; note: Note } | undefined> {
    this.uncompared += 1;
    return isByOthers(bytes, this.#given ?? announced) ? undefined : this.open(object, bytes, announced);
  }

  #noteSigners({ signatures }: Note): void {
    for (const { keyName, keyId } of signatures) {
      if (this.signers.size < MAX_SIGNERS) this.signers.add(`${keyName} (key ID ${keyId})`);
    }
  }

  /** compare compares the checkpoint of a batch with the tree over all batches up to it, if that is known. */
  compare(checkpoint: Checkpoint, number: number, { tree, losses }: Pick<LogSoFar, 'tree' | 'losses'>): Fit {
    if (losses > 0) {
      this.uncompared += 1;
      return 'unknown';
    }
    this.checkpoints += 1;
    const root = toHex(tree.root());
    if (checkpoint.size === tree.size && checkpoint.rootHash === root) {
      this.finish();
      return 'fits';
    }
    const stated = `it states ${checkpoint.size} entries and the root ${checkpoint.rootHash}`;
    const detail = `${stated}, and the batches up to it have ${tree.size} and ${root}`;
    if (this.#doubts.length < MAX_NAMED) this.#doubts.push({ number, detail });
    else this.#moreDoubts += 1;
    return 'differs';
  }

  /** finish says which checkpoints differ, one after the other. */
  finish(): void {
    const more = this.#moreDoubts === 0 ? '' : `; so do the ${this.#moreDoubts} after it`;
    for (const [i, { number, detail }] of this.#doubts.entries())
      this.#findings.say('checkpoint-inconsistent', checkpointName(number), i < MAX_NAMED - 1 ? detail : detail + more);
    this.#doubts = [];
    this.#moreDoubts = 0;
  }
}

/** isByOthers tells whether a note has signature lines by none of the keys. */
function isByOthers(bytes: Uint8Array, keys: readonly VerifierKey[]): boolean {
  try {
    const { signatures } = parseNote(decodeUtf8(bytes) ?? '');
    return !signatures.some(({ keyName, keyId }) => keys.some((key) => key.keyName === keyName && key.keyId === keyId));
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
