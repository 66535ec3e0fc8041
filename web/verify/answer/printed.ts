import { fromBase64, hashFromBase64, parseDecimal } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isTime } from '../entry.ts';
import type { Fault } from '../fault.ts';
import { endOfString } from '../json.ts';
import { MAX_PROOF_HASHES } from '../merkle.ts';

const NUMBER = /\d{1,16}/y;
/** What stands in base64 before its last four digits, where the padding is. */
const DIGITS = /^(?:[A-Za-z0-9+/]{4})*$/;
/** A multiple of four, so that a piece of base64 is base64 too. */
const PIECE = 32_768;

/**
 * Printed reads JSON text piece by piece in the one way in which it is printed: it goes forward only, makes a value of
 * nothing that isn't expected, and doesn't nest deeper than its reader does. What is read so prints to the same bytes.
 */
export class Printed {
  readonly #text: string;
  readonly #bad: (why: string) => Fault;
  #at = 0;

  /** `bad` makes the fault that is thrown where the text is otherwise. */
  constructor(text: string, bad: (why: string) => Fault) {
    this.#text = text;
    this.#bad = bad;
  }

  /** fail throws the fault of this place. */
  fail(what: string): never {
    throw this.#bad(`at character ${this.#at + 1}, ${what} should stand`);
  }

  /** take goes over what must stand here. */
  take(expected: string): void {
    if (!this.skip(expected)) this.fail(expected);
  }

  /** skip goes over what may stand here, and tells whether it did. */
  skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** end demands that the line ends, and nothing follows. */
  end(): void {
    if (this.#text.slice(this.#at) !== '\n') this.fail('one line feed, and nothing behind it,');
  }

  /** string reads a string of at most so many UTF-16 code units. */
  string(most: number): string {
    const end = this.#text[this.#at] === '"' ? endOfString(this.#text, this.#at) : -1;
    if (end < 0) this.fail('a string');
    const printed = this.#text.slice(this.#at, end);
    const value = JSON.parse(printed) as string;
    if (!value.isWellFormed() || JSON.stringify(value) !== printed) this.fail('a string');
    if (value.length > most) throw this.#bad(`the string at character ${this.#at + 1} is longer than ${most}`);
    this.#at = end;
    return value;
  }

  /** number reads a whole number from 0 to 2^53 - 1. */
  number(): number {
    NUMBER.lastIndex = this.#at;
    const [digits = ''] = NUMBER.exec(this.#text) ?? [];
    const value = parseDecimal(digits) ?? this.fail('a number');
    this.#at += digits.length;
    return value;
  }

  /** list reads so many items at most. */
  list<T>(most: number, item: () => T): T[] {
    this.take('[');
    const items: T[] = [];
    if (this.skip(']')) return items;
    do {
      if (items.length === most) throw this.#bad(`the list at character ${this.#at + 1} has more than ${most} items`);
      items.push(item());
    } while (this.skip(','));
    this.take(']');
    return items;
  }

  /** orNull reads null, or what `read` reads. */
  orNull<T>(read: () => T): T | null {
    return this.skip('null') ? null : read();
  }

  /** time reads a time. */
  time(): string {
    const time = this.string(24);
    return isTime(time) ? time : this.fail('a time');
  }

  /** hex reads a hash that is printed in hex. */
  hex(): string {
    const hash = this.string(64);
    return /^[0-9a-f]{64}$/.test(hash) ? hash : this.fail('a hash');
  }

  /** key reads the key of a term of an index. */
  key(): string {
    const key = this.string(16);
    return /^[0-9a-f]{16}$/.test(key) ? key : this.fail('a key');
  }

  /** hashes reads the hashes of a proof, and gives them in hex. */
  hashes(): string[] {
    return this.list(MAX_PROOF_HASHES, () => hashFromBase64(this.string(44)) ?? this.fail('a hash'));
  }

  /** base64 reads so many bytes at most. */
  base64(most: number): Bytes {
    const text = this.string(Math.ceil(most / 3) * 4);
    const end = fromBase64(text.slice(-4)) ?? this.fail('base64');
    const length = Math.max(text.length - 4, 0);
    const bytes = new Uint8Array((length / 4) * 3 + end.length);
    for (let at = 0; at < length; at += PIECE) {
      const piece = text.slice(at, Math.min(at + PIECE, length));
      if (!DIGITS.test(piece)) this.fail('base64');
      const characters = atob(piece);
      for (let i = 0; i < characters.length; i++) bytes[(at / 4) * 3 + i] = characters.charCodeAt(i);
    }
    bytes.set(end, (length / 4) * 3);
    return bytes;
  }
}
