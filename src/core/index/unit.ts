import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import { KEY_BYTES } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import {
  MAX_LIST_BYTES,
  MAX_PAGE_BYTES,
  MOST_IN_PAGE,
  TERMS_PER_PAGE,
  directoryBytes,
  mostStored,
  pagesIn,
} from './unitSizes.ts';
import { attempt } from '../errors.ts';
import { leafHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { inclusionRanges } from '../merkle/proof.ts';
import type { InclusionProof } from '../merkle/proof.ts';
import { TreeRoot } from '../merkle/tree.ts';
import type { TreeHead } from '../merkle/tree.ts';
import { compress, decompress } from '../segment/zstd.ts';

// A unit's file: a start of 16 bytes, a directory, pages of terms, and lists too long for a page, each of these a Zstandard frame of its
// own, so that a reader fetches what it needs. docs/format.md, section 9.7.

const MAGIC = 'auditidx';
/** START_BYTES is what a unit's file begins with: the name of the form, and how long the directory and all pages are. */
export const START_BYTES = MAGIC.length + 8;

/** How hard Zstandard tries: the files are small beside what they are made of. */
const LEVEL = 9;

/** termLeaf gives the data of a term's leaf: its key, and the SHA-256 of its postings. */
export const termLeaf = (key: TermKey, postings: Hash): Buffer => Buffer.from(key + postings, 'latin1');

/** Term is a term with its postings. */
export interface Term {
  readonly key: TermKey;
  readonly postings: Buffer;
}

/** UnitWriter makes a unit's file of terms that come in ascending order of keys. */
export class UnitWriter {
  readonly #roots: TreeRoot = new TreeRoot();
  readonly #directory = new ByteWriter();
  readonly #pages: Buffer[] = [];
  readonly #lists: Buffer[] = [];
  readonly #keys: TermKey[] = [];
  readonly #lengths = new ByteWriter();
  readonly #postings = new ByteWriter();
  #tree = new TreeRoot();
  #lastKey = '';
  #size = 0;
  #listBytes = 0;

  add({ key, postings }: Term): void {
    if (key <= this.#lastKey) throw new RangeError('terms of a unit come in ascending order of keys');
    this.#lastKey = key;
    const hash = sha256(postings);
    this.#tree.add(leafHash(termLeaf(key, hash)));
    this.#keys.push(key);
    if (postings.length <= MOST_IN_PAGE) {
      this.#lengths.number(postings.length);
      this.#postings.bytes(postings);
    } else {
      const frame = compress(postings, LEVEL);
      this.#lengths.number(0);
      for (const number of [postings.length, this.#listBytes, frame.length]) this.#postings.number(number);
      this.#postings.latin1(hash);
      this.#lists.push(frame);
      this.#listBytes += frame.length;
    }
    this.#size += 1;
    if (this.#keys.length === TERMS_PER_PAGE) this.#endPage();
  }

  #endPage(): void {
    const keys = this.#keys.splice(0);
    const [first] = keys;
    if (first === undefined) return;
    // Byte by byte of all keys: those of a sorted page begin alike.
    const columns = Array.from({ length: KEY_BYTES }, (_, i) => keys.map((key) => key[i]).join('')).join('');
    const page = Buffer.concat([Buffer.from(columns, 'latin1'), this.#lengths.take(), this.#postings.take()]);
    const frame = compress(page, LEVEL);
    const root = this.#tree.root();
    this.#roots.add(root);
    this.#directory.latin1(first + root);
    this.#directory.bytes(uint32(frame.length));
    this.#pages.push(frame);
    this.#tree = new TreeRoot();
  }

  /** finish gives the file, and its tree: over pages of equal width, which have roots of their own, it is the tree over all terms. */
  finish(): { readonly bytes: Buffer; readonly tree: TreeHead } {
    this.#endPage();
    const directory = compress(this.#directory.take(), LEVEL);
    const pageBytes = this.#pages.reduce((sum, { length }) => sum + length, 0);
    const start = Buffer.concat([Buffer.from(MAGIC), uint32(directory.length), uint32(pageBytes)]);
    const bytes = Buffer.concat([start, directory, ...this.#pages, ...this.#lists]);
    return { bytes, tree: { size: this.#size, rootHash: this.#roots.root() } };
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** FileRange is bytes of a file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

/** UnitStart is where things are in a unit's file. */
export interface UnitStart {
  readonly directory: FileRange;
  /** where the first page begins, and where the first list that stands by itself */
  readonly pages: number;
  readonly lists: number;
}

/** parseStart reads the first START_BYTES of the file of the unit with that tree, and throws INDEX_MALFORMED. */
export function parseStart(bytes: Buffer, tree: TreeHead): UnitStart {
  if (bytes.length < START_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw malformed('it does not begin as a unit of the index does');
  const length = bytes.readUInt32LE(MAGIC.length);
  if (length > mostStored(directoryBytes(tree))) throw malformed('its directory is too long for so few terms');
  const pages = START_BYTES + length;
  return { directory: { offset: START_BYTES, length }, pages, lists: pages + bytes.readUInt32LE(MAGIC.length + 4) };
}

/** PageRow is what the directory says of a page. */
export interface PageRow extends FileRange {
  readonly firstKey: TermKey;
  readonly root: Hash;
}

/** Directory is a unit's pages, of which the roots are known to be those of the tree. */
export interface Directory {
  readonly tree: TreeHead;
  readonly pages: readonly PageRow[];
  readonly lists: number;
}

/** openDirectory reads the directory of the unit with that tree, and throws INDEX_MALFORMED for another one's. */
export function openDirectory(frame: Buffer, { pages: firstPage, lists }: UnitStart, tree: TreeHead): Directory {
  const content = opened(frame, directoryBytes(tree));
  if (content.length !== directoryBytes(tree)) throw malformed('its directory has another number of pages');
  const reader = new ByteReader(content);
  const roots = new TreeRoot();
  const pages: PageRow[] = [];
  let offset = firstPage;
  for (let i = 0; i < pagesIn(tree); i++) {
    const firstKey = reader.latin1(KEY_BYTES) as TermKey;
    const root = reader.latin1(32) as Hash;
    const length = reader.bytes(4).readUInt32LE();
    if (firstKey <= (pages.at(-1)?.firstKey ?? '')) throw malformed('its directory is not in the order of keys');
    if (length > mostStored(MAX_PAGE_BYTES)) throw malformed('a page of it is too long');
    roots.add(root);
    pages.push({ firstKey, root, offset, length });
    offset += length;
  }
  if (roots.root() !== tree.rootHash) throw malformed('its directory is not that of its tree');
  return { tree, pages, lists };
}

/**
 * pageOf gives the number of the page that has a key, if any has; 0 also if it is before all. With which keys pages begin only the directory
 * says: that a page isn't the one shows when it is opened, and, for a key behind all of its terms, when the next one is.
 */
export function pageOf({ pages }: Directory, key: TermKey): number {
  let [low, high] = [0, pages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pages[middle] as PageRow).firstKey <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}

/** PagedTerm is a term as a page has it: with its postings, or where they stand. */
export interface PagedTerm {
  readonly key: TermKey;
  /** SHA-256 of the postings */
  readonly hash: Hash;
  readonly postings?: Buffer;
  readonly list?: FileRange & { readonly size: number };
}

/** openPage reads the page of a unit that has that number, and throws INDEX_MALFORMED for what isn't it. */
export function openPage(frame: Buffer, { tree, pages, lists }: Directory, number: number): readonly PagedTerm[] {
  const { root, firstKey } = pages[number] as PageRow;
  const width = Math.min(TERMS_PER_PAGE, tree.size - number * TERMS_PER_PAGE);
  const content = opened(frame, MAX_PAGE_BYTES);
  const reader = new ByteReader(content);
  const columns = reader.latin1(KEY_BYTES * width);
  const lengths = Array.from({ length: width }, () => reader.number());
  const leaves = new TreeRoot();
  const terms = lengths.map((length, i) => {
    const key = Array.from({ length: KEY_BYTES }, (_, byte) => columns[byte * width + i]).join('') as TermKey;
    const term = readTerm(reader, key, length, lists);
    leaves.add(leafHash(termLeaf(key, term.hash)));
    return term;
  });
  if (!reader.isAtEnd || leaves.root() !== root || terms[0]?.key !== firstKey)
    throw malformed('a page is not the one of its directory');
  return terms;
}

function readTerm(reader: ByteReader, key: TermKey, length: number, lists: number): PagedTerm {
  if (length > 0) {
    const postings = reader.bytes(length);
    return { key, hash: sha256(postings), postings };
  }
  const [size, offset, stored] = [reader.number(), reader.number(), reader.number()];
  if (size > MAX_LIST_BYTES || stored > mostStored(size)) throw malformed('postings of it are too long');
  return { key, hash: reader.latin1(32) as Hash, list: { offset: lists + offset, length: stored, size } };
}

/** openList reads postings that stand by themselves, and throws INDEX_MALFORMED for others. */
export function openList(frame: Buffer, { hash, list }: PagedTerm): Buffer {
  const postings = opened(frame, list?.size ?? 0);
  if (sha256(postings) !== hash) throw malformed('postings are not those of their page');
  return postings;
}

/** opened decompresses a frame of at most so many bytes. */
function opened(frame: Buffer, most: number): Buffer {
  const content = attempt(() => decompress(frame, most), 'malformed');
  if (content === undefined) throw malformed('a frame of it is damaged');
  return content;
}

/** proveTerm proves a term's leaf by the page that has it and the roots of all pages. */
export function proveTerm({ tree, pages }: Directory, page: readonly PagedTerm[], index: number): InclusionProof {
  const start = Math.floor(index / TERMS_PER_PAGE) * TERMS_PER_PAGE;
  const leaves = page.map(({ key, hash }) => leafHash(termLeaf(key, hash)));
  const hashes = inclusionRanges(index, tree.size).map((range) => {
    const isInPage =
      range.start >= start && range.end <= start + leaves.length && range.end - range.start < TERMS_PER_PAGE;
    const parts = isInPage
      ? leaves.slice(range.start - start, range.end - start)
      : pages.slice(range.start / TERMS_PER_PAGE, Math.ceil(range.end / TERMS_PER_PAGE)).map(({ root }) => root);
    const root = new TreeRoot();
    for (const part of parts) root.add(part);
    return root.root();
  });
  return { index, size: tree.size, hashes };
}
