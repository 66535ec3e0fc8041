import { formatHash } from '../../core/hash.ts';
import { LogTree } from '../../core/merkle/logTree.ts';
import type { TileFile } from '../../core/merkle/logTree.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { Findings } from '../findings.ts';

/** So many checkpoints that differ are named, one after the other; where the tree is wrong, all later ones do. */
const MAX_NAMED = 100;

/** Fit is how a checkpoint stands to the batches up to it. */
export type Fit = 'fits' | 'differs' | 'unknown';

/** TreeCheck computes the log's tree from the batches and compares it with every checkpoint. */
export class TreeCheck {
  readonly #findings: Findings;
  readonly #tree: LogTree;
  /** checkpoints that differ, one after the other: the first of them, and how many more there are */
  #doubts: { readonly number: number; readonly detail: string }[] = [];
  #moreDoubts = 0;
  isBroken = false;
  /** how many checkpoints were compared */
  checkpoints = 0;

  constructor(findings: Findings, tree: LogTree = new LogTree()) {
    this.#findings = findings;
    this.#tree = tree;
  }

  get head(): TreeHead {
    return this.#tree.head;
  }

  /** break says that entries are missing, so that nothing is known of the trees behind them. */
  break(): void {
    this.finish();
    this.isBroken = true;
  }

  /** add adds a batch, and gives its tiles, if the tree is known. */
  add(entries: readonly Buffer[]): readonly TileFile[] {
    if (this.isBroken) return [];
    this.#tree.append(entries);
    return this.#tree.takeFiles();
  }

  /** compare compares the checkpoint of a batch, which is the last one that was added. */
  compare(number: number, checkpoint: Checkpoint): Fit {
    if (this.isBroken) return 'unknown';
    this.checkpoints += 1;
    const { size, rootHash } = this.#tree.head;
    if (checkpoint.size === size && checkpoint.rootHash === rootHash) {
      this.finish();
      return 'fits';
    }
    const stated = `it states ${checkpoint.size} entries and the root ${formatHash(checkpoint.rootHash)}`;
    const detail = `${stated}, and the batches up to it have ${size} and ${formatHash(rootHash)}`;
    if (this.#doubts.length < MAX_NAMED) this.#doubts.push({ number, detail });
    else this.#moreDoubts += 1;
    return 'differs';
  }

  /** finish says which checkpoints differ. */
  finish(): void {
    const more = this.#moreDoubts === 0 ? '' : `; so do the ${this.#moreDoubts} after it`;
    for (const [i, { number, detail }] of this.#doubts.entries())
      this.#findings.error(
        'checkpoint-inconsistent',
        checkpointName(number),
        i < MAX_NAMED - 1 ? detail : detail + more,
      );
    this.#doubts = [];
    this.#moreDoubts = 0;
  }
}
