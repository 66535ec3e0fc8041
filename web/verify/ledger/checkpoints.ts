import { decodeUtf8, toHex } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { parseCheckpoint, parseNote, verifyNote } from '../note.ts';
import type { Checkpoint, Note } from '../note.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { KnownLedger } from './chain.ts';
import type { Findings } from './findings.ts';
import { batchName, checkpointName } from './names.ts';
import { LogTree } from './tiles.ts';

/** How a checkpoint stands to the batches up to it; `unknown` if it is invalid, or entries are missing. */
export type Fit = 'fits' | 'differs' | 'unknown';

/** MAX_SIGNERS bounds the names that are shown of who signed. */
const MAX_SIGNERS = 20;

/** Checkpoints compares every checkpoint with the tree over the batches up to it. */
export class Checkpoints {
  readonly #findings: Findings;
  readonly #ledger: KnownLedger;
  readonly #keys: readonly VerifierKey[];
  readonly tree = new LogTree();
  isBroken = false;
  /** the first of those that differ, while later ones may still fit */
  #doubt: { readonly number: number; readonly detail: string; count: number } | undefined;
  checkpoints = 0;
  signatures = 0;
  /** names and IDs in the signature lines: claims, as long as no key verified them */
  readonly signers = new Set<string>();

  constructor(findings: Findings, ledger: KnownLedger, keys: readonly VerifierKey[]) {
    this.#findings = findings;
    this.#ledger = ledger;
    this.#keys = keys;
  }

  get root(): string {
    return toHex(this.tree.root());
  }

  /** isDoubted tells whether it is open if the batches or the checkpoints are wrong. */
  get isDoubted(): boolean {
    return this.#doubt !== undefined;
  }

  /** append adds a batch to the tree. */
  append(lines: readonly Uint8Array[]): void {
    for (const line of lines) this.tree.append(line);
  }

  /** open reads a checkpoint and checks its signature, if there are keys. It gives undefined for one that is wrong. */
  async open(object: string, bytes: Uint8Array): Promise<{ checkpoint: Checkpoint; note: Note } | undefined> {
    try {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw new Fault('NOTE_MALFORMED', 'the checkpoint is not UTF-8');
      const note = parseNote(text);
      const checkpoint = parseCheckpoint(note.text);
      this.#noteSigners(note);
      this.#ledger.name ??= checkpoint.origin;
      if (checkpoint.origin !== this.#ledger.name) {
        throw new Fault('CHECKPOINT_MALFORMED', `it is of ${JSON.stringify(checkpoint.origin).slice(0, 100)}`);
      }
      if (this.#keys.length > 0) {
        await verifyNote(note, checkpoint.origin, this.#keys);
        this.signatures += 1;
      }
      return { checkpoint, note };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#findings.say('checkpoint-invalid', object, error.message);
      return undefined;
    }
  }

  #noteSigners({ signatures }: Note): void {
    for (const { keyName, keyId } of signatures) {
      if (this.signers.size < MAX_SIGNERS) this.signers.add(`${keyName} (key ID ${keyId})`);
    }
  }

  /** breakOff says that entries are missing, so that nothing is known of the trees behind them. */
  breakOff(): void {
    this.#settle(false);
    this.isBroken = true;
  }

  /** compare compares a checkpoint with the tree as it is. */
  compare(checkpoint: Checkpoint, number: number): Fit {
    if (this.isBroken) return 'unknown';
    this.checkpoints += 1;
    const { size } = this.tree;
    const { root } = this;
    if (checkpoint.size === size && checkpoint.rootHash === root) {
      this.#settle(true);
      return 'fits';
    }
    const detail = `it states ${checkpoint.size} entries and the root ${checkpoint.rootHash}, and the batches up to it have ${size} and ${root}`;
    if (this.#doubt === undefined) this.#doubt = { number, detail, count: 1 };
    else this.#doubt.count += 1;
    return 'differs';
  }

  /** If later checkpoints fit, those that differ are wrong; or else the batch is. */
  #settle(doLaterFit: boolean): void {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    if (doubt === undefined) return;
    const { number, detail, count } = doubt;
    const others = count === 1 ? '' : `; so do the ${count - 1} after it`;
    this.#findings.say('checkpoint-inconsistent', checkpointName(number), `${detail}${others}`);
    if (this.#keys.length > 0 && !doLaterFit) {
      const why = `its entries are not those that ${checkpointName(number)} was signed over`;
      this.#findings.say('entry-mismatch', batchName(number), why);
    }
  }

  finish(): void {
    this.#settle(false);
  }
}
