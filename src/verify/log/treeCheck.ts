import { formatHash } from '../../core/hash.ts';
import { LogTree } from '../../core/merkle/logTree.ts';
import type { TileFile } from '../../core/merkle/logTree.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { batchName, checkpointName } from '../../core/objects/names.ts';
import type { Findings } from '../findings.ts';

/** Fit is how a checkpoint stands to the batches up to it. */
export type Fit = 'fits' | 'differs' | 'unknown';

/**
 * TreeCheck computes the log's tree from the batches and compares it with every checkpoint. Where a checkpoint differs it
 * waits for what the later ones say: if they fit, that checkpoint is wrong, or else the batch is.
 */
export class TreeCheck {
  readonly #findings: Findings;
  readonly #isSigned: boolean;
  readonly #tree: LogTree;
  #doubt: { readonly number: number; readonly detail: string; count: number } | undefined;
  isBroken = false;
  /** how many checkpoints were compared */
  checkpoints = 0;

  /** With `isSigned` the checkpoints that it is given were opened with a key. */
  constructor(findings: Findings, isSigned: boolean, tree: LogTree = new LogTree()) {
    this.#findings = findings;
    this.#isSigned = isSigned;
    this.#tree = tree;
  }

  get size(): number {
    return this.#tree.head.size;
  }

  get root(): string {
    return formatHash(this.#tree.head.rootHash);
  }

  /** break says that entries are missing, so that nothing is known of the trees behind them. */
  break(): void {
    this.#settle(false);
    this.isBroken = true;
  }

  /** add adds a batch, and gives its tiles, if the tree is known. */
  add(entries: readonly Buffer[]): readonly TileFile[] {
    this.#tree.append(entries);
    const files = this.#tree.takeFiles();
    return this.isBroken || this.#doubt !== undefined ? [] : files;
  }

  /** compare compares the checkpoint of a batch, which is the last one that was added. */
  compare(number: number, checkpoint: Checkpoint): Fit {
    if (this.isBroken) return 'unknown';
    this.checkpoints += 1;
    const { size, rootHash } = this.#tree.head;
    if (checkpoint.size === size && checkpoint.rootHash === rootHash) {
      this.#settle(true);
      return 'fits';
    }
    const stated = `it states ${checkpoint.size} entries and the root ${formatHash(checkpoint.rootHash)}`;
    const detail = `${stated}, and the batches up to it have ${size} and ${this.root}`;
    if (this.#doubt === undefined) this.#doubt = { number, detail, count: 1 };
    else this.#doubt.count += 1;
    return 'differs';
  }

  #settle(laterOnesFit: boolean): void {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    if (doubt === undefined) return;
    const { number, detail, count } = doubt;
    const others = count === 1 ? '' : `; so do the ${count - 1} after it`;
    this.#findings.error('checkpoint-inconsistent', checkpointName(number), `${detail}${others}`);
    if (this.#isSigned && !laterOnesFit) {
      const why = `its entries do not give the tree that ${checkpointName(number)} was signed over`;
      this.#findings.error('entry-mismatch', batchName(number), why);
    }
  }

  finish(): void {
    this.#settle(false);
  }
}
