import { AuditsealError } from '../../core/errors.ts';
import { formatHash } from '../../core/hash.ts';
import { LogTree } from '../../core/merkle/logTree.ts';
import type { TileFile } from '../../core/merkle/logTree.ts';
import { openCheckpoint, parseCheckpoint } from '../../core/note/checkpoint.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { batchName, checkpointName } from '../../core/objects/names.ts';
import type { Finding, FindingCode } from '../../core/objects/report.ts';
import type { KnownLedger } from '../findings.ts';

/** How a checkpoint stands to the batches up to it. */
export type Fit = 'fits' | 'differs' | 'unknown';

/**
 * TreeCheck computes the log's tree from the batches and compares it with every checkpoint. Where a checkpoint differs it
 * waits for what the later ones say: if they fit, that checkpoint is wrong, or else the batch is.
 */
export class TreeCheck {
  readonly #find: (finding: Finding) => void;
  readonly #ledger: KnownLedger;
  readonly #verifiers: readonly VerifierKey[];
  #tree: LogTree;
  isBroken = false;
  #doubt: { readonly number: number; readonly isSigned: boolean; readonly detail: string; count: number } | undefined;
  /** text of each checkpoint that has to be among the log's */
  readonly #wanted = new Map<string, number | undefined>();
  signatures = 0;
  /** keys that verified signatures, each as `name+id` */
  signedBy = new Set<string>();
  checkpoints = 0;
  /** how large the tree was when tiles may have been made of it: after each batch, and where checkpoints state another size */
  readonly sizes: number[] = [];
  /** text of the checkpoint that was compared last, undefined if it is none of this log */
  text: string | undefined;

  constructor(
    find: (finding: Finding) => void,
    ledger: KnownLedger,
    verifiers: readonly VerifierKey[],
    tree?: LogTree,
  ) {
    this.#find = find;
    this.#ledger = ledger;
    this.#verifiers = verifiers;
    this.#tree = tree ?? new LogTree();
  }

  get size(): number {
    return this.#tree.head.size;
  }

  get root(): string {
    return formatHash(this.#tree.head.rootHash);
  }

  #say(code: FindingCode, object: string, detail: string): void {
    this.#find({ code, severity: 'error', object, detail });
  }

  /** break says that entries are missing, so that nothing is known of the trees behind them. */
  break(): void {
    this.#settle(false);
    this.isBroken = true;
  }

  /** add adds a batch, and gives its tiles, if the tree is known. */
  add(entries: readonly Buffer[]): readonly TileFile[] {
    this.#tree.append(entries);
    this.sizes.push(this.size);
    const files = this.#tree.takeFiles();
    return this.isBroken || this.#doubt !== undefined ? [] : files;
  }

  /** open reads a checkpoint, and checks its signature if there are keys. It gives undefined for one that is wrong. */
  open(object: string, note: Buffer): { checkpoint: Checkpoint; text: string } | undefined {
    try {
      const { text } = parseNote(note);
      const checkpoint = parseCheckpoint(text);
      this.#ledger.name ??= checkpoint.origin;
      if (checkpoint.origin !== this.#ledger.name) {
        this.#say('checkpoint-invalid', object, `it is of ${JSON.stringify(checkpoint.origin).slice(0, 100)}`);
        return undefined;
      }
      if (this.#verifiers.length > 0) {
        const { signatures } = openCheckpoint(note, checkpoint.origin, this.#verifiers);
        this.signatures += 1;
        for (const { keyName, keyId } of signatures) this.signedBy.add(`${keyName}+${keyId}`);
      }
      return { checkpoint, text };
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      this.#say('checkpoint-invalid', object, error.message);
      return undefined;
    }
  }

  /** want asks for a checkpoint that was seen elsewhere. */
  want(text: string): void {
    this.#wanted.set(text, undefined);
  }

  /** found says where a wanted checkpoint is. */
  found(text: string, number: number): void {
    this.#wanted.set(text, number);
  }

  /** foundAt gives the number of the log's checkpoint that has that text. */
  foundAt(text: string): number | undefined {
    return this.#wanted.get(text);
  }

  /** compare compares the checkpoint of a batch, which is the last one that was added. */
  compare(number: number, note: Buffer): Fit {
    const object = checkpointName(number);
    const opened = this.open(object, note);
    this.text = opened?.text;
    if (opened === undefined) return 'unknown';
    const { checkpoint, text } = opened;
    if (this.#wanted.has(text)) this.found(text, number);
    if (this.isBroken) return 'unknown';
    this.checkpoints += 1;
    const { size, rootHash } = this.#tree.head;
    if (checkpoint.size === size && checkpoint.rootHash === rootHash) {
      this.#settle(true);
      return 'fits';
    }
    this.sizes.push(checkpoint.size);
    const detail = `it states ${checkpoint.size} entries and the root ${formatHash(checkpoint.rootHash)}, and the batches up to it have ${size} and ${this.root}`;
    if (this.#doubt === undefined) this.#doubt = { number, isSigned: this.#verifiers.length > 0, detail, count: 1 };
    else this.#doubt.count += 1;
    return 'differs';
  }

  #settle(doLaterFit: boolean): void {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    if (doubt === undefined) return;
    const { number, isSigned, detail, count } = doubt;
    const others = count === 1 ? '' : `; so do the ${count - 1} after it`;
    this.#say('checkpoint-inconsistent', checkpointName(number), `${detail}${others}`);
    if (isSigned && !doLaterFit) {
      const why = `its entries are not those that ${checkpointName(number)} was signed over`;
      this.#say('entry-mismatch', batchName(number), why);
    }
  }

  finish(): void {
    this.#settle(false);
  }
}
