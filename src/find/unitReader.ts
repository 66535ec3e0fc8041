import { AuditsealError, named } from '../core/errors.ts';
import type { IndexUnit } from '../core/index/manifest.ts';
import { ROWS_PER_BLOCK, parseRows, parseTimes } from '../core/index/segmentRow.ts';
import type { BlockTimes, SegmentRow } from '../core/index/segmentRow.ts';
import { RESERVED, keyOf } from '../core/index/termKey.ts';
import type { TermKey } from '../core/index/termKey.ts';
import { START_BYTES, openDirectory, openList, openPage, pageOf, parseStart } from '../core/index/unit.ts';
import { TERMS_PER_PAGE } from '../core/index/unitSizes.ts';
import type { Directory, FileRange, PagedTerm } from '../core/index/unit.ts';
import { unitName } from '../core/objects/names.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** So much is read of a unit at first: the directory of most, and all of a small one. */
const FIRST_BYTES = 64 * 1024;

/** mostPostings bounds the postings of a term: of each segment and each run of records two numbers. Rows of segments are fewer bytes. */
const mostPostings = ({ segments, records }: IndexUnit): number => FIRST_BYTES + 16 * (segments + records);

const faulty = (why: string): AuditsealError => new AuditsealError('INDEX_MALFORMED', why);

/** PlacedTerm is a term of a unit, its number in the unit's tree, and the page that has it. */
export interface PlacedTerm {
  readonly term: PagedTerm;
  readonly index: number;
  readonly page: readonly PagedTerm[];
}

/** UnitReader reads of a unit what is looked up, and believes nothing that isn't of its tree. Its methods throw INDEX_MALFORMED. */
export class UnitReader {
  readonly unit: IndexUnit;
  readonly #tiles: SearchableTiles;
  readonly #name: string;
  #opened: Promise<Directory> | undefined;
  /** what was read first */
  #begin: Buffer = Buffer.alloc(0);
  readonly #pages = new Map<number, Promise<readonly PagedTerm[]>>();

  constructor(tiles: SearchableTiles, unit: IndexUnit) {
    this.#tiles = tiles;
    this.unit = unit;
    this.#name = unitName(unit.tree.rootHash);
  }

  async #part({ offset, length }: FileRange): Promise<Buffer> {
    if (offset + length <= this.#begin.length) return this.#begin.subarray(offset, offset + length);
    const part = await this.#tiles.readPart(this.#name, offset, length);
    if (typeof part !== 'object')
      throw faulty(`${this.#name}: ${part === undefined ? 'it is missing' : WHY_UNREAD[part]}`);
    if (part.length < length) throw faulty(`${this.#name}: it ends too early`);
    return part;
  }

  /** directory gives where its pages are. */
  directory(): Promise<Directory> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<Directory> {
    const begin = await this.#tiles.readPart(this.#name, 0, FIRST_BYTES);
    if (typeof begin !== 'object')
      throw faulty(`${this.#name}: ${begin === undefined ? 'it is missing' : WHY_UNREAD[begin]}`);
    this.#begin = begin;
    const start = named(this.#name, () => parseStart(begin.subarray(0, START_BYTES), this.unit.tree));
    const frame = await this.#part(start.directory);
    return named(this.#name, () => openDirectory(frame, start, this.unit.tree));
  }

  async #page(number: number): Promise<readonly PagedTerm[]> {
    const directory = await this.directory();
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const read = this.#part(directory.pages[number] as FileRange).then((frame) =>
      named(this.#name, () => openPage(frame, directory, number)),
    );
    read.catch(() => undefined); // whoever asks for it awaits it
    this.#pages.set(number, read);
    return read;
  }

  /** at gives the term of a number in the tree; undefined if there is none. */
  async at(index: number): Promise<PlacedTerm | undefined> {
    if (index < 0 || index >= this.unit.tree.size) return undefined;
    const page = await this.#page(Math.floor(index / TERMS_PER_PAGE));
    return { term: page[index % TERMS_PER_PAGE] as PagedTerm, index, page };
  }

  /** place gives the number of a key's term in the tree, or of the first one behind where it would be. */
  async place(key: TermKey): Promise<{ readonly index: number; readonly isThere: boolean }> {
    const directory = await this.directory();
    if (directory.pages.length === 0) return { index: 0, isThere: false };
    const number = pageOf(directory, key);
    const page = await this.#page(number);
    const at = page.findIndex((term) => term.key >= key);
    if (at >= 0) return { index: number * TERMS_PER_PAGE + at, isThere: page[at]?.key === key };
    if (number + 1 < directory.pages.length) await this.#page(number + 1);
    return { index: number * TERMS_PER_PAGE + page.length, isThere: false };
  }

  /** find gives the postings of a term; undefined if no record has it. */
  async find(field: string, value: string): Promise<Buffer | undefined> {
    const { index, isThere } = await this.place(keyOf(field, value));
    return isThere ? this.postingsOf((await this.at(index)) as PlacedTerm) : undefined;
  }

  /** postingsOf gives the postings of a term. */
  async postingsOf({ term }: PlacedTerm): Promise<Buffer> {
    if (term.postings !== undefined) return term.postings;
    if ((term.list?.size ?? 0) > mostPostings(this.unit)) throw faulty(`${this.#name}: postings of it are too long`);
    const frame = await this.#part(term.list as FileRange);
    return named(this.#name, () => openList(frame, term));
  }

  /** times gives the times of its blocks of rows. */
  async times(): Promise<readonly BlockTimes[]> {
    const bytes = await this.find(RESERVED.times, '');
    const blocks = bytes === undefined ? [] : parseTimes(bytes);
    if (blocks.length !== Math.ceil(this.unit.segments / ROWS_PER_BLOCK))
      throw faulty(`${this.#name}: it has times of another number of blocks`);
    return blocks;
  }

  /** rows gives the rows of a block. */
  async rows(block: number): Promise<readonly SegmentRow[]> {
    const bytes = await this.find(RESERVED.segments, String(block));
    const rows = bytes === undefined ? [] : parseRows(bytes, this.unit.from);
    if (rows.length !== Math.min(ROWS_PER_BLOCK, this.unit.segments - block * ROWS_PER_BLOCK))
      throw faulty(`${this.#name}: a block of its rows has another number of them`);
    return rows;
  }
}
