import type { CategoryCount } from './categories.ts';
import { putTexts } from './kernelTexts.ts';
import { readSeal } from './recordLine.ts';
import type { Seal } from './recordLine.ts';
import { kernel } from '../wasm/kernel.ts';

const LF = 0x0a;
/** How much of a content is looked at in one call of the kernel. Lines that are longer are found without it. */
const PIECE_BYTES = 256 * 1024;
/** A line of wasm/lines.ts: three numbers of 64 bits, and two of 32, which stand at these places. */
const ROW_NUMBERS = 4;
const END_AT = 6;
const KNOWN_AT = 7;
const IS_READ = 1;
const IS_SAME_TIME = 2;
const CATEGORY_LENGTH_SHIFT = 2;
const CATEGORY_LENGTH_MASK = 0x7f;
const CATEGORY_START_SHIFT = 9;
/** From where a time starts to the end of the line whose seal ends with it, and to that of the time. */
const TIME_BACK = 27;
const TIME_END_BACK = 3;

const NO_ROWS = new Float64Array(0);

/**
 * LineCursor goes through the lines of a segment's content, from `start` on, reads the seals that they end in, and counts lines by
 * their category, if a count for that is given.
 */
export class LineCursor {
  readonly #bytes: Buffer;
  /** the line is bytes[start, end), without its LF; behind the last line `end` is -1, and what is left begins at `start` */
  start: number;
  end = -1;
  #next: number;
  /** what the kernel found in the piece of content that starts at #piece; they are copies, because others call it meanwhile */
  #rows = NO_ROWS;
  #words = new Uint32Array(0);
  #piece = 0;
  #row = -1;
  /** the time of the seal of row #timeRow */
  #enqueued = '';
  #timeRow = -2;

  readonly #categories: CategoryCount | undefined;

  constructor(bytes: Buffer, start: number, categories?: CategoryCount) {
    this.#bytes = bytes;
    this.#categories = categories;
    this.start = this.#next = start;
  }

  /** next goes on to the next line, and tells whether there is one. */
  next(): boolean {
    this.start = this.#next;
    if ((this.#row + 1) * ROW_NUMBERS < this.#rows.length) this.#row += 1;
    else this.#fill();
    this.end =
      this.#row >= 0
        ? this.#piece + (this.#words[this.#row * 2 * ROW_NUMBERS + END_AT] as number)
        : this.#bytes.indexOf(LF, this.start);
    this.#next = this.end + 1;
    return this.end >= 0;
  }

  /** seal reads the seal that the line ends in, and gives undefined if it ends in none. */
  seal(): Seal | undefined {
    const row = this.#row;
    const known = row < 0 ? 0 : (this.#words[row * 2 * ROW_NUMBERS + KNOWN_AT] as number);
    if ((known & IS_READ) === 0) return readSeal(this.#bytes, this.start, this.end);
    if ((known & IS_SAME_TIME) === 0 || this.#timeRow !== row - 1)
      this.#enqueued = this.#bytes.toString('latin1', this.end - TIME_BACK, this.end - TIME_END_BACK);
    this.#timeRow = row;
    const at = row * ROW_NUMBERS;
    return {
      record: this.#rows[at] as number,
      event: this.#rows[at + 1] as number,
      index: this.#rows[at + 2] as number,
      enqueued: this.#enqueued,
      form: undefined,
    };
  }

  /** countCategory counts the line by its category. It is called of each line once, or of none. */
  countCategory(): void {
    const row = this.#row;
    if (row < 0) return this.#categories?.add(this.#bytes, this.start, this.end);
    const known = this.#words[row * 2 * ROW_NUMBERS + KNOWN_AT] as number;
    const length = (known >>> CATEGORY_LENGTH_SHIFT) & CATEGORY_LENGTH_MASK;
    if (length === 0) return;
    const from = this.#piece + (known >>> CATEGORY_START_SHIFT);
    this.#categories?.count(this.#bytes.toString('latin1', from, from + length));
  }

  /** #fill lets the kernel look at the piece that starts with this line. Where it finds none there is no row. */
  #fill(): void {
    this.#rows = NO_ROWS;
    this.#row = -1;
    this.#timeRow = -2;
    const it = kernel();
    if (it === undefined) return;
    const length = this.#bytes.copy(it.bytes, it.input, this.start, this.start + PIECE_BYTES);
    putTexts(it);
    const count = it.lines(length, this.#categories !== undefined);
    if (count <= 0) return;
    this.#piece = this.start;
    this.#rows = it.numbers.slice(it.records / 8, it.records / 8 + count * ROW_NUMBERS);
    this.#words = new Uint32Array(this.#rows.buffer);
    this.#row = 0;
  }
}
