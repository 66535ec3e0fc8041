import { malformed } from './bytes.ts';
import { parseRows, ROWS_PER_BLOCK } from './segmentRow.ts';
import type { SegmentRow } from './segmentRow.ts';
import { RESERVED, keyOf } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import { START_BYTES, openDirectory, openList, openPage, pageOf, parseStart } from './unit.ts';
import type { Directory, FileRange, PagedTerm, Term } from './unit.ts';
import type { TreeHead } from '../merkle/tree.ts';

/** WholeUnit is a unit of which all bytes are in memory. Its methods throw INDEX_MALFORMED where they aren't those of its tree. */
export class WholeUnit {
  readonly #file: Buffer;
  readonly #directory: Directory;

  constructor(file: Buffer, tree: TreeHead) {
    this.#file = file;
    const start = parseStart(file.subarray(0, START_BYTES), tree);
    this.#directory = openDirectory(this.#part(start.directory), start, tree);
  }

  #part({ offset, length }: FileRange): Buffer {
    if (offset + length > this.#file.length) throw malformed('it ends too early');
    return this.#file.subarray(offset, offset + length);
  }

  #page(number: number): readonly PagedTerm[] {
    return openPage(this.#part(this.#directory.pages[number] as FileRange), this.#directory, number);
  }

  #postingsOf(term: PagedTerm): Buffer {
    return term.postings ?? openList(this.#part(term.list as FileRange), term);
  }

  /** terms gives all terms, in ascending order of keys. */
  *terms(): Generator<Term> {
    for (const number of this.#directory.pages.keys())
      for (const term of this.#page(number)) yield { key: term.key, postings: this.#postingsOf(term) };
  }

  /** find gives the postings of a key. */
  find(key: TermKey): Buffer | undefined {
    const { pages } = this.#directory;
    if (pages.length === 0) return undefined;
    const number = pageOf(this.#directory, key);
    const term = this.#page(number).find((it) => it.key >= key);
    if (term === undefined && number + 1 < pages.length) this.#page(number + 1);
    return term?.key === key ? this.#postingsOf(term) : undefined;
  }

  /** rows gives the rows of its segments, of which it is told how many there are. Entries count from `from`. */
  rows(segments: number, from: number): SegmentRow[] {
    return Array.from({ length: Math.ceil(segments / ROWS_PER_BLOCK) }, (_, block) => {
      const bytes = this.find(keyOf(RESERVED.segments, String(block)));
      if (bytes === undefined) throw malformed('it lacks rows of its segments');
      return parseRows(bytes, from);
    }).flat();
  }
}
