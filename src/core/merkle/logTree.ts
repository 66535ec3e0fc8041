import { TreeEdge } from './edge.ts';
import { TILE_WIDTH, encodeBundle, encodeTile, formatBundlePath, formatTilePath } from './tile.ts';
import type { TreeHead } from './tree.ts';
import { leafHash } from '../hash.ts';

/** TileFile is a tile or an entry bundle with its name. */
export interface TileFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** LogTree adds entries to the log's tree, and gives the tiles and entry bundles that they change. */
export class LogTree {
  readonly #edge: TreeEdge;
  /** the entries that a bundle was not filled with when files were last taken, and those since */
  #entries: Buffer[];
  #firstEntry: number;

  /** The tail is the entries of the partial bundle at the edge. */
  constructor(edge = new TreeEdge(0, () => []), tail: readonly Buffer[] = []) {
    this.#edge = edge;
    this.#entries = [...tail];
    this.#firstEntry = edge.size - tail.length;
  }

  get head(): TreeHead {
    return { size: this.#edge.size, rootHash: this.#edge.root() };
  }

  append(entries: readonly Buffer[]): void {
    for (const entry of entries) {
      this.#edge.append(leafHash(entry));
      this.#entries.push(entry);
    }
  }

  /**
   * takeFiles gives the files that are new or wider than when files were last taken, in the order to write them: the last
   * one is a partial tile, and where that one is, all the others are.
   */
  takeFiles(): [TileFile, ...TileFile[]] {
    const tiles = this.#edge.takeTiles();
    const bundles = tiles
      .filter(({ level }) => level === 0)
      .map((tile) => {
        const start = tile.index * TILE_WIDTH - this.#firstEntry;
        const bytes = encodeBundle(this.#entries.slice(start, start + tile.width));
        return { name: formatBundlePath(tile), bytes };
      });
    const firstOfTail = Math.floor(this.#edge.size / TILE_WIDTH) * TILE_WIDTH;
    // Copies, because an entry is a view of its whole batch.
    this.#entries = this.#entries.slice(firstOfTail - this.#firstEntry).map((entry) => Buffer.from(entry));
    this.#firstEntry = firstOfTail;
    const files = tiles.map((tile) => ({ name: formatTilePath(tile), bytes: encodeTile(tile.hashes) }));
    return [...bundles, ...files] as [TileFile];
  }
}
