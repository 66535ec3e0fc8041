import { TILE_WIDTH, changedTiles, edgeTiles, perfectRoot } from './tile.ts';
import type { Tile } from './tile.ts';
import { joinHashes, nodesOf } from './tree.ts';
import type { Hash } from '../hash.ts';

/** FilledTile is a tile and the hashes it holds. */
export interface FilledTile extends Tile {
  readonly hashes: readonly Hash[];
}

/**
 * TreeEdge adds leaves to a tree of any size. It holds the partial tiles of the tree's right edge, at most 255 hashes
 * for each factor of 256 in the size, and the tiles that were filled since they were last taken.
 */
export class TreeEdge {
  #size: number;
  #taken: number;
  /** the partial tile of each level */
  readonly #levels: Hash[][] = [];
  #filled = new Map<string, readonly Hash[]>();

  /**
   * A tree of `size` leaves, of which `readTile` gives the edgeTiles; an empty one has none. Tiles can be changed by
   * whoever can write them: compare root() with a checkpoint before anything is signed.
   */
  constructor(size: number, readTile: (tile: Tile) => readonly Hash[]) {
    this.#size = this.#taken = size;
    for (const tile of edgeTiles(size)) {
      const hashes = readTile(tile);
      if (hashes.length !== tile.width) {
        throw new RangeError(`a tile of ${tile.width} hashes was read as ${hashes.length}`);
      }
      while (this.#levels.length < tile.level) this.#levels.push([]);
      this.#levels.push([...hashes]);
    }
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Hash): void {
    this.#size += 1;
    let tiles = this.#size;
    let partial = this.#push(0, leaf);
    for (let level = 0; partial.length === TILE_WIDTH; level++) {
      tiles /= TILE_WIDTH;
      this.#filled.set(`${level}/${tiles - 1}`, partial);
      this.#levels[level] = [];
      partial = this.#push(level + 1, perfectRoot(partial));
    }
  }

  #push(level: number, hash: Hash): Hash[] {
    const partial = (this.#levels[level] ??= []);
    partial.push(hash);
    return partial;
  }

  /** root is the tree's hash so far. */
  root(): Hash {
    const perLevel = this.#levels.map((hashes) =>
      nodesOf({ start: 0, end: hashes.length }).map(({ level, index }) => {
        const start = index * 2 ** level;
        return perfectRoot(hashes.slice(start, start + 2 ** level));
      }),
    );
    return joinHashes(perLevel.toReversed().flat());
  }

  /** takeTiles gives the tiles that are new or wider than when tiles were last taken, and forgets the full ones. */
  takeTiles(): FilledTile[] {
    const tiles = [...changedTiles(this.#taken, this.#size)].map((tile) => {
      const hashes = (this.#filled.get(`${tile.level}/${tile.index}`) ?? this.#levels[tile.level]) as readonly Hash[];
      return { ...tile, hashes: [...hashes] };
    });
    this.#taken = this.#size;
    this.#filled = new Map();
    return tiles;
  }
}
