import { segmentName } from '../../core/objects/names.ts';
import type { Findings } from '../findings.ts';

/** Indices follows the indices of a partition, which are dense, and finds those that have no object. */
export class Indices {
  readonly #findings: Findings;
  readonly #partition: string;
  /** the first index that has no object, as far as is known */
  #next: number;

  constructor(findings: Findings, partition: string, first = 0) {
    this.#findings = findings;
    this.#partition = partition;
    this.#next = first;
  }

  /** passOver takes notice of the object of an index. Indices must rise. */
  passOver(index: number): void {
    this.#missUntil(index, `no object has this name, and index ${index} is there`);
    this.#next = index + 1;
  }

  /**
   * passOverForeign takes notice of an object that no writer made: whoever planted it can take any name, so a hole before it
   * says nothing, unless something stands behind it that counts.
   */
  passOverForeign(index: number): void {
    if (index === this.#next) this.#next += 1;
  }

  /** demand says how far somebody knows the chain, in words as `an earlier report knew`. */
  demand(index: number, known: string): void {
    this.#missUntil(index + 1, `no object has this name, and ${known} the chain up to index ${index}`);
  }

  #missUntil(end: number, why: string): void {
    if (end <= this.#next) return;
    const others = end - this.#next === 1 ? '' : `; from there to index ${end - 1} there are foreign objects at most`;
    this.#findings.error('segment-missing', segmentName(this.#partition, this.#next), why + others);
    this.#next = end;
  }
}
