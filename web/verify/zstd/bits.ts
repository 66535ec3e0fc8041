import { Fault } from '../fault.ts';

/** damaged is thrown for what is no Zstandard data, or of more than the format allows. */
export const damaged = (why: string): Fault => new Fault('SEGMENT_MALFORMED', why);

/** highestBit gives the position of the highest bit that is set; the number is above 0. */
export const highestBit = (number: number): number => 31 - Math.clz32(number);

/** PADDING is how many bytes that count for nothing must follow what a reader of bits is given. */
export const PADDING = 8;

/**
 * BackwardBits reads a bit stream from its end, as RFC 8878 has them: the last byte's highest bit that is set ends it, and
 * every number that is read has its highest bits first. `left` is how many bits there still are, below 0 for too many reads.
 */
export class BackwardBits {
  readonly bytes: Uint8Array;
  readonly start: number;
  left: number;

  /** It throws SEGMENT_MALFORMED for a stream without an end mark. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    const last = end > start ? (bytes[end - 1] as number) : 0;
    if (last === 0) throw damaged('a bit stream of a Zstandard block has no end');
    this.bytes = bytes;
    this.start = start;
    this.left = (end - start - 1) * 8 + highestBit(last);
  }

  /** read gives the next `count` bits, at most 32; zeros for those that are not there. */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 65_536 + this.read(16);
    const at = (this.left -= count);
    if (at < 0) return this.#readOver(count);
    const { bytes } = this;
    const byte = this.start + (at >> 3);
    const word = (bytes[byte] as number) | ((bytes[byte + 1] as number) << 8) | ((bytes[byte + 2] as number) << 16);
    return (word >> (at & 7)) & ((1 << count) - 1);
  }

  #readOver(count: number): number {
    const there = Math.max(this.left + count, 0);
    const { bytes, start } = this;
    const word = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
    return (word & ((1 << there) - 1)) << (count - there);
  }
}
