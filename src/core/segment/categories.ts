/** CATEGORY_KEY is what a category stands behind. */
export const CATEGORY_KEY = '"category":';
const KEY = Buffer.from(CATEGORY_KEY);
const SPACE = 0x20;
const QUOTE = 0x22;

/** MAX_CATEGORIES is how many different categories of a segment are counted. */
export const MAX_CATEGORIES = 100;
const MAX_CATEGORY_BYTES = 64;

/**
 * CategoryCount counts records by their category, which helps search and proves nothing: the value of the first member of
 * the line that is written `"category":`, if it is a string of at most 64 printable ASCII characters without escapes.
 * These bytes can't stand inside a string of JSON, where a quotation mark has a backslash before it. Of more than 100
 * different categories the later ones aren't counted.
 */
export class CategoryCount {
  readonly counts = new Map<string, number>();
  /** where the first key behind the last line is; so what is searched once isn't searched again for each line without one */
  #key = -1;

  /** add looks at a line, bytes[start, end). The lines are given in order, all of the same bytes. */
  add(bytes: Buffer, start: number, end: number): void {
    if (this.#key < start) {
      const found = bytes.indexOf(KEY, start);
      this.#key = found < 0 ? bytes.length : found;
    }
    if (this.#key >= end) return;
    let first = this.#key + KEY.length;
    while (bytes[first] === SPACE) first++;
    if (bytes[first] !== QUOTE) return;
    first++;
    let last = first;
    while (last < end && last - first <= MAX_CATEGORY_BYTES && bytes[last] !== QUOTE) last++;
    if (last === end || last - first > MAX_CATEGORY_BYTES) return;
    const category = bytes.toString('latin1', first, last);
    if (/^[ !#-[\]-~]+$/.test(category)) this.count(category);
  }

  /** count counts a line by its category, which the kernel found. */
  count(category: string): void {
    const count = this.counts.get(category);
    if (count !== undefined || this.counts.size < MAX_CATEGORIES) this.counts.set(category, (count ?? 0) + 1);
  }
}
