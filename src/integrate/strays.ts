import { AuditsealError } from '../core/errors.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { checkpointName } from '../core/objects/names.ts';

export const fork = (why: string): AuditsealError => new AuditsealError('FORK_DETECTED', why);

/**
 * Strays is the checkpoints that the log's keys signed under the names of batches that are not in the log. Whoever may create
 * objects can copy a genuine one there; so each waits until the batches give a tree of its size, which then has to be its own.
 */
export class Strays {
  readonly #waiting = new Map<number, TreeHead>();

  get areLeft(): boolean {
    return this.#waiting.size > 0;
  }

  /** add takes notice of one, where the batches before it give `head`. What is smaller was the log's before, or was never shown. */
  add(number: number, checkpoint: TreeHead, head: TreeHead): void {
    if (checkpoint.size >= head.size && !isSameTree(checkpoint, head)) this.#waiting.set(number, checkpoint);
  }

  /** reach forgets those whose tree the batches give, and throws FORK_DETECTED for one of another tree. */
  reach(head: TreeHead): void {
    for (const [number, checkpoint] of this.#waiting) {
      if (checkpoint.size > head.size) continue;
      if (!isSameTree(checkpoint, head)) throw otherTree(number, checkpoint, head);
      this.#waiting.delete(number);
    }
  }

  /** finish throws FORK_DETECTED for one that the batches, which end with `head`, never reached. */
  finish(head: TreeHead): void {
    for (const [number, checkpoint] of this.#waiting) throw otherTree(number, checkpoint, head);
  }
}

/** otherTree says that the log's keys signed a tree that the batches don't give. */
export const otherTree = (number: number, { size }: TreeHead, head: TreeHead): AuditsealError =>
  fork(`${checkpointName(number)} is signed over ${size} entries, and the batches give ${head.size}`);
