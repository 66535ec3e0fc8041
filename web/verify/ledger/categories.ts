import { utf8 } from '../bytes.ts';

const KEY = utf8('"category":');
const [COLON, SPACE, QUOTE] = [0x3a, 0x20, 0x22] as const;
const latin1 = new TextDecoder('latin1');
const MAX_CATEGORIES = 100;
const MAX_CATEGORY_BYTES = 64;

/** CategoryCount counts records by their category, as the entry of a segment does. docs/format.md, section 9.2. */
export class CategoryCount {
  readonly counts = new Map<string, number>();
  /** where the first key behind the last line is, so that no byte is searched twice */
  #key = -1;

  /** add looks at a line, bytes[start, end). Lines come in order, all of the same bytes. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#key < start) this.#key = findKey(bytes, start);
    if (this.#key >= end) return;
    let at = this.#key + KEY.length;
    while (bytes[at] === SPACE) at++;
    if (bytes[at++] !== QUOTE) return;
    const most = Math.min(at + MAX_CATEGORY_BYTES + 1, end);
    const last = bytes.indexOf(QUOTE, at);
    if (last < 0 || last >= most) return;
    const category = latin1.decode(bytes.subarray(at, last));
    const count = this.counts.get(category);
    if (count === undefined && (this.counts.size >= MAX_CATEGORIES || !/^[ !#-[\]-~]+$/.test(category))) return;
    this.counts.set(category, (count ?? 0) + 1);
  }
}

/** findKey gives where the key is next, the end if nowhere. It goes from colon to colon, which are rarer than letters. */
function findKey(bytes: Uint8Array, from: number): number {
  for (let colon = bytes.indexOf(COLON, from); colon >= 0; colon = bytes.indexOf(COLON, colon + 1)) {
    const start = colon + 1 - KEY.length;
    if (start >= from && bytes[start] === QUOTE && KEY.every((byte, i) => bytes[start + i] === byte)) return start;
  }
  return bytes.length;
}
