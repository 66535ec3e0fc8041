const KEY = Buffer.from('"category":');
const SPACE = 0x20;
const QUOTE = 0x22;

const MAX_CATEGORIES = 100;
const MAX_CATEGORY_BYTES = 64;

/**
 * CategoryCount counts records by their category, which helps search and proves nothing: the value of the first member of
 * the line that is written `"category":`, if it is a string of at most 64 printable ASCII characters without escapes.
 * These bytes can't stand inside a string of JSON, where a quotation mark has a backslash before it. Of more than 100
 * different categories the later ones aren't counted.
 */
export class CategoryCount {
  readonly counts = new Map<string, number>();

  add = (line: Buffer): void => {
    const key = line.indexOf(KEY);
    if (key < 0) return;
    let start = key + KEY.length;
    while (line[start] === SPACE) start++;
    if (line[start] !== QUOTE) return;
    const end = line.indexOf(QUOTE, start + 1);
    if (end < 0 || end - start - 1 > MAX_CATEGORY_BYTES) return;
    const category = line.toString('latin1', start + 1, end);
    if (!/^[ !#-[\]-~]+$/.test(category)) return;
    const count = this.counts.get(category);
    if (count !== undefined || this.counts.size < MAX_CATEGORIES) this.counts.set(category, (count ?? 0) + 1);
  };
}
