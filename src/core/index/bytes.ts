import { AuditsealError } from '../errors.ts';

// Whole numbers are written as LEB128: seven bits a byte, the lowest first, the eighth bit set where more follow.

const FIRST_BYTES = 64;
/** A number below 2^53 has so many bytes at most. */
const MAX_NUMBER_BYTES = 8;

export const malformed = (why: string): AuditsealError => new AuditsealError('INDEX_MALFORMED', why);

/** ByteWriter collects bytes. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, needed));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  number(value: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  /** signed writes a number that may be negative: 0, -1, 1, -2 as 0, 1, 2, 3. */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value);
  }

  latin1(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** take gives what was written, in memory of its own, and begins anew in the memory that it has. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.#length);
    taken.set(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}

/** ByteReader reads what ByteWriter wrote, and throws INDEX_MALFORMED where that ends too early. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  number(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MAX_NUMBER_BYTES; count++) {
      if (this.#at >= this.#end) throw malformed('it ends within a number');
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && count > 0)) break;
        return value;
      }
      factor *= 0x80;
    }
    throw malformed('a number is too large, or longer than it has to be');
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  latin1(length: number): string {
    const from = this.#pass(length);
    return this.#bytes.toString('latin1', from, from + length);
  }

  bytes(length: number): Buffer {
    const from = this.#pass(length);
    return this.#bytes.subarray(from, from + length);
  }

  #pass(length: number): number {
    const from = this.#at;
    if (from + length > this.#end) throw malformed('it ends too early');
    this.#at = from + length;
    return from;
  }
}
