import { Fault } from '../fault.ts';

/** Numbers reads LEB128 numbers, none with more bytes than it takes, up to 2^53 - 1. docs/format.md, section 9.7. */
export class Numbers {
  readonly #bytes: Uint8Array;
  /** what the bytes are, for a fault */
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** fail throws PROOF_INVALID. */
  fail(why: string): never {
    throw new Fault('PROOF_INVALID', `${this.#what}: ${why}`);
  }

  next(): number {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) this.fail('a number is cut off');
      this.#at++;
      value += (byte % 128) * weight;
      // The first seven bytes give at most 2^49 - 1, and no sum of eight is rounded before it is above the limit.
      if (value > Number.MAX_SAFE_INTEGER || weight > 2 ** 49) this.fail('a number is above 2^53 - 1');
      if (byte >= 128) continue;
      if (byte === 0 && weight > 1) this.fail('a number is written in more bytes than it takes');
      return value;
    }
  }

  /** signed reads 2n, or -2n - 1 for an n below 0. */
  signed(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
