import { concat, equalBytes } from '../bytes.ts';
import type { Findings } from './findings.ts';
import { TLOG } from './folder.ts';
import type { Folder } from './folder.ts';
import { RootOf, foldRight, leafHash } from './hash.ts';
import type { Digest } from './hash.ts';

// c2sp.org/tlog-tiles.

/** TILE_WIDTH is how many hashes a full tile has. */
const TILE_WIDTH = 256;

/** Tile is a file that the tree over the log's entries gives, by its name within `tlog`. */
interface TileFile {
  readonly name: string;
  /** the name of the full tile that it grows to */
  readonly whole: string;
  readonly bytes: Uint8Array;
}

function placeName(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) as string[];
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
}

const fileOf = (kind: string, index: number, width: number, bytes: Uint8Array): TileFile => {
  const whole = `tile/${kind}/${placeName(index)}`;
  return { name: width === TILE_WIDTH ? whole : `${whole}.p/${width}`, whole, bytes };
};

/** LogTree is the tree over the log's entries. It holds the edge of the tree: at most 255 hashes for each factor of 256. */
export class LogTree {
  size = 0;
  /** per level, the hashes of the tile that isn't full */
  readonly #edge: Digest[][] = [[]];
  /** per level, how many tiles are full */
  readonly #full: number[] = [];
  /** of the entries since the last full bundle, each behind its length */
  #bundle: Uint8Array[] = [];
  #changed: TileFile[] = [];

  append(entry: Uint8Array): void {
    this.size += 1;
    this.#bundle.push(concat(Uint8Array.of(entry.length >> 8, entry.length & 255), entry));
    this.#push(0, leafHash(entry));
  }

  #push(level: number, hash: Digest): void {
    const edge = (this.#edge[level] ??= []);
    edge.push(hash);
    if (edge.length < TILE_WIDTH) return;
    this.#changed.push(...this.#filesOf(level, edge));
    if (level === 0) this.#bundle = [];
    this.#edge[level] = [];
    this.#full[level] = (this.#full[level] ?? 0) + 1;
    this.#push(level + 1, rootsOf(edge)[0] as Digest);
  }

  #filesOf(level: number, hashes: readonly Digest[]): TileFile[] {
    const index = this.#full[level] ?? 0;
    const tile = fileOf(String(level), index, hashes.length, concat(...hashes));
    return level > 0 ? [tile] : [fileOf('entries', index, hashes.length, concat(...this.#bundle)), tile];
  }

  /** takeFiles gives the files that are new since the last time: those that were filled, and those at the edge. */
  takeFiles(): TileFile[] {
    const edges = this.#edge.flatMap((hashes, level) => (hashes.length === 0 ? [] : this.#filesOf(level, hashes)));
    const files = [...this.#changed, ...edges];
    this.#changed = [];
    return files;
  }

  root(): Digest {
    return foldRight(this.#edge.toReversed().flatMap(rootsOf));
  }
}

function rootsOf(hashes: readonly Digest[]): readonly Digest[] {
  const tree = new RootOf();
  for (const hash of hashes) tree.add(hash);
  return tree.roots();
}

/**
 * TileCheck compares the files in `tlog` that a checkpoint implies with those that the entries give: all full ones, and the
 * partial ones of the published checkpoint. docs/format.md says that others prove nothing, so they are ignored.
 */
export class TileCheck {
  readonly #folder: Folder;
  readonly #findings: Findings;
  /** full files that are missing, and which batch filled them */
  readonly #missing: { readonly name: string; readonly batch: number }[] = [];
  /** the partial files of the published checkpoint, or of the newest one while that isn't found */
  #edge: { readonly batch: number; readonly files: readonly TileFile[] } = { batch: -1, files: [] };
  #isPublishedFound = false;
  compared = 0;

  constructor(folder: Folder, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
  }

  #say(name: string, detail: string): void {
    this.#findings.say('tile-mismatch', `${TLOG}${name}`, detail);
  }

  async add(batch: number, files: readonly TileFile[], isPublished: boolean): Promise<void> {
    // Where batches are missing, nobody knows the files.
    if (!this.#isPublishedFound && files.length > 0)
      this.#edge = { batch, files: files.filter(({ name, whole }) => name !== whole) };
    if (isPublished) this.#isPublishedFound = true;
    for (const file of files) {
      if (file.name === file.whole && !(await this.#compare(file))) this.#missing.push({ name: file.name, batch });
    }
  }

  /** compare says whether the file is there. */
  async #compare({ name, bytes }: TileFile): Promise<boolean> {
    const path = `${TLOG}${name}`;
    if (!this.#folder.has(path)) return false;
    const stored = await this.#folder.read(path);
    if (stored === undefined) return true;
    this.compared += 1;
    if (stored === 'oversize') this.#say(name, 'it is too large to be a tile');
    else if (!equalBytes(stored, bytes)) this.#say(name, 'it is not what the entries of the log give');
    return true;
  }

  /** finish says what is missing of the batches before `end`, and of the published one. */
  async finish(end: number): Promise<void> {
    const { batch: edge, files } = this.#edge;
    const isDue = (batch: number): boolean => batch < end || (this.#isPublishedFound && batch <= edge);
    for (const { name, batch } of this.#missing) if (isDue(batch)) this.#say(name, 'it is missing');
    for (const file of files) {
      if (await this.#compare(file)) continue;
      // A partial tile may be dropped once the full one is there, which begins with it.
      const grown = await this.#folder.read(`${TLOG}${file.whole}`);
      if (grown === 'oversize') this.#say(file.whole, 'it is too large to be a tile');
      else if (grown !== undefined && !equalBytes(grown.subarray(0, file.bytes.length), file.bytes))
        this.#say(file.whole, `it does not begin with ${file.name}, which is missing`);
      else if (!this.#folder.has(`${TLOG}${file.whole}`) && isDue(edge)) this.#say(file.name, 'it is missing');
    }
  }
}
