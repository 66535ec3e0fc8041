import { formatHash, leafHash, sha256 } from '../../../src/core/hash.ts';
import type { Hash } from '../../../src/core/hash.ts';
import { TreeEdge } from '../../../src/core/merkle/edge.ts';
import type { FilledTile } from '../../../src/core/merkle/edge.ts';
import {
  consistencyRanges,
  inclusionRanges,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/core/merkle/proof.ts';
import {
  MAX_ENTRY_BYTES,
  changedTiles,
  decodeBundle,
  decodeTile,
  edgeTiles,
  encodeBundle,
  encodeTile,
  formatBundlePath,
  formatTilePath,
  parseBundlePath,
  parseTilePath,
  placeOfNode,
  readNodeFrom,
  tilesOfRanges,
} from '../../../src/core/merkle/tile.ts';
import type { Tile } from '../../../src/core/merkle/tile.ts';
import { EMPTY_ROOT, TreeRoot, rangeHash } from '../../../src/core/merkle/tree.ts';
import { coded, damaged, damagedText, expectExact, leafHashes, loadVectors } from '../../support/logVectors.ts';
import { Random } from '../../support/random.ts';

const vectors = loadVectors('tiles.json') as {
  paths: {
    good: (Tile & { path: string })[];
    bad: string[];
    goodBundles: { path: string; index: number; width: number }[];
    badBundles: string[];
  };
  trees: { size: number; tiles: string[] }[];
  grown: { from: number; to: number; tiles: string[] }[];
  edges: { size: number; tiles: string[] }[];
  tile: { entries: string[]; path: string; sha256: string; bytes: string };
  bundles: {
    good: { name: string; entries: string[]; bytes: string }[];
    bad: { name: string; width: number; bytes: string }[];
  };
};
const pathsOf = (tiles: Iterable<Tile>): string[] => [...tiles].map(formatTilePath).sort();

describe('tile paths', () => {
  test.each(vectors.paths.good)('$path', ({ path, ...tile }) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each(vectors.paths.bad)('%j is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  test.each(vectors.paths.goodBundles)('$path', ({ path, ...bundle }) => {
    expect(formatBundlePath(bundle)).toBe(path);
    expect(parseBundlePath(path)).toEqual(bundle);
  });

  test.each(vectors.paths.badBundles)('%j is no bundle', (path) => {
    expect(parseBundlePath(path)).toBeUndefined();
  });

  test('are read only as they are printed', () => {
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const tile = {
        level: random.below(64),
        index: random.below(10 ** (1 + random.below(15))),
        width: 1 + random.below(256),
      };
      expect(parseTilePath(formatTilePath(tile))).toEqual(tile);
    }
    for (const [seed, { path }] of vectors.paths.good.entries()) {
      expectExact(damagedText(path, seed, 1000), [], (text) => {
        const tile = parseTilePath(text.toString('utf8'));
        return tile && formatTilePath(tile);
      });
    }
  });
});

describe('changedTiles', () => {
  test.each(vectors.trees)('of a new tree of $size leaves', ({ size, tiles }) => {
    expect(pathsOf(changedTiles(0, size))).toEqual(tiles.toSorted());
  });

  test.each(vectors.grown)('from $from to $to', ({ from, to, tiles }) => {
    expect(pathsOf(changedTiles(from, to))).toEqual(tiles.toSorted());
  });

  test.each(vectors.edges)('edge of $size', ({ size, tiles }) => {
    expect(pathsOf(edgeTiles(size))).toEqual(tiles.toSorted());
  });

  test('of 70,000 leaves are 273 full ones and a partial one on level 0, one and one on level 1, one on level 2', () => {
    const tiles = [...changedTiles(0, 70_000)];
    const widths = (level: number): number[] => tiles.filter((tile) => tile.level === level).map(({ width }) => width);
    expect(widths(0)).toEqual([...Array<number>(273).fill(256), 112]);
    expect(widths(1)).toEqual([256, 17]);
    expect(widths(2)).toEqual([1]);
    expect(tiles).toHaveLength(277);
  });

  test('of trees beyond 32 bits are few when few leaves were added', () => {
    for (const size of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 48, 2 ** 52]) {
      const tiles = [...changedTiles(size - 1, size + 1)];
      expect(tiles.length).toBeLessThan(15);
      expect(tiles[0]).toEqual({ level: 0, index: size / 256 - 1, width: 256 });
      expect(tiles[1]).toEqual({ level: 0, index: size / 256, width: 1 });
    }
  });
});

describe('placeOfNode', () => {
  test.each([
    [{ level: 0, index: 0 }, 1, 'tile/0/000.p/1', 0, 1],
    [{ level: 0, index: 69_999 }, 70_000, 'tile/0/273.p/112', 111, 1],
    [{ level: 4, index: 17 }, 70_000, 'tile/0/001', 16, 16],
    [{ level: 7, index: 1 }, 256, 'tile/0/000', 128, 128],
    [{ level: 8, index: 3 }, 70_000, 'tile/1/000', 3, 1],
    [{ level: 12, index: 16 }, 70_000, 'tile/1/001.p/17', 0, 16],
    [{ level: 16, index: 0 }, 65_536, 'tile/2/000.p/1', 0, 1],
  ])('%j in %d leaves is in %s at %d', (node, size, path, start, count) => {
    const place = placeOfNode(node, size);
    expect(formatTilePath(place.tile)).toBe(path);
    expect([place.start, place.count]).toEqual([start, count]);
  });

  test('refuses a node that is not in the tree', () => {
    expect(() => placeOfNode({ level: 0, index: 5 }, 5)).toThrow(RangeError);
    expect(() => placeOfNode({ level: 3, index: 0 }, 7)).toThrow(RangeError);
    expect(() => placeOfNode({ level: 9, index: 136 }, 70_000)).toThrow(RangeError);
  });
});

describe('tile and bundle bytes', () => {
  test('of the known tree', () => {
    const { entries, path, bytes, sha256: digest } = vectors.tile;
    const hashes = entries.map((entry) => leafHash(Buffer.from(entry)));
    expect(encodeTile(hashes).toString('hex')).toBe(bytes);
    expect(formatHash(sha256(encodeTile(hashes)))).toBe(digest);
    const width = parseTilePath(path)?.width as number;
    expect(decodeTile(Buffer.from(bytes, 'hex'), width)).toEqual(hashes);
    for (const wrong of [0, 4, 6, 256]) {
      expect(() => decodeTile(Buffer.from(bytes, 'hex'), wrong)).toThrow(coded('TILE_MALFORMED'));
    }
  });

  test.each(vectors.bundles.good)('a bundle with $name', ({ entries, bytes }) => {
    const decoded = entries.map((entry) => Buffer.from(entry, 'hex'));
    expect(encodeBundle(decoded).toString('hex')).toBe(bytes);
    expect(decodeBundle(Buffer.from(bytes, 'hex'), entries.length)).toEqual(decoded);
  });

  test.each(vectors.bundles.bad)('a bundle with $name is refused', ({ width, bytes }) => {
    expect(() => decodeBundle(Buffer.from(bytes, 'hex'), width)).toThrow(coded('TILE_MALFORMED'));
  });

  test('an entry may have 65,535 bytes, and no more', () => {
    const entries = [Buffer.alloc(MAX_ENTRY_BYTES, 'a'), Buffer.of(1), Buffer.alloc(MAX_ENTRY_BYTES, 'b')];
    const decoded = decodeBundle(encodeBundle(entries), 3);
    expect(decoded.map((entry, i) => entry.equals(entries[i] as Buffer))).toEqual([true, true, true]);
    expect(() => encodeBundle([Buffer.alloc(MAX_ENTRY_BYTES + 1)])).toThrow(coded('TILE_MALFORMED'));
  });

  test('a bundle grows by what is put behind it, and is read only as it is made', () => {
    const entries = [5, 0, 300, 1].map((length) => Buffer.alloc(length, 'x'));
    const bundle = encodeBundle(entries);
    expect(Buffer.concat([encodeBundle(entries.slice(0, 2)), encodeBundle(entries.slice(2))])).toEqual(bundle);
    for (const width of [3, 4, 5]) {
      expectExact(damaged(bundle, width, 2000), ['TILE_MALFORMED'], (bytes) =>
        encodeBundle(decodeBundle(bytes, width)),
      );
    }
  });
});

const emptyEdge = (): TreeEdge =>
  new TreeEdge(0, () => {
    throw new Error('an empty tree has no tiles');
  });

describe('TreeEdge', () => {
  const MOST = 70_000;
  const leaves = leafHashes(MOST);
  const random = new Random(11);
  const stops = new Set([0, 1, 2, 5, 254, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536, 65_537, MOST]);
  while (stops.size < 60) stops.add(random.below(MOST));

  test('writes the tiles of every size, whether it goes on or is opened again from them', () => {
    const stored = new Map<string, readonly Hash[]>();
    const readTile = (tile: Tile): readonly Hash[] => {
      const hashes = stored.get(formatTilePath(tile));
      if (hashes === undefined) throw new Error(`${formatTilePath(tile)} was never written`);
      return hashes;
    };
    const store = (tiles: readonly FilledTile[]): void => {
      for (const tile of tiles) stored.set(formatTilePath(tile), decodeTile(encodeTile(tile.hashes), tile.width));
    };
    const known = new TreeRoot();
    const whole = emptyEdge();
    let before = 0;
    let knownBefore = EMPTY_ROOT;
    for (const size of [...stops].sort((a, b) => a - b)) {
      const opened = new TreeEdge(before, readTile);
      for (const leaf of leaves.slice(before, size)) {
        known.add(leaf);
        whole.append(leaf);
        opened.append(leaf);
      }
      expect([whole.size, opened.size, known.size]).toEqual([size, size, size]);
      expect(opened.root()).toBe(known.root());
      expect(whole.root()).toBe(known.root());

      const tiles = opened.takeTiles();
      expect(pathsOf(tiles)).toEqual(pathsOf(changedTiles(before, size)));
      for (const { width, hashes } of tiles) expect(hashes).toHaveLength(width);
      expect(whole.takeTiles()).toEqual(tiles);
      expect(opened.takeTiles()).toEqual([]);
      store(tiles);

      // The tree again, from nothing but its tiles.
      const read = readNodeFrom(size, readTile);
      expect(rangeHash({ start: 0, end: size }, read)).toBe(known.root());
      for (const tile of changedTiles(0, size)) expect(readTile(tile)).toHaveLength(tile.width);
      if (size > 0) {
        const index = random.below(size);
        const rootHash = known.root();
        expect(verifyInclusion(proveInclusion(index, size, read), leaves[index] as Hash, rootHash)).toBe(true);
        const older = { size: before, rootHash: knownBefore };
        expect(verifyConsistency(older, { size, rootHash }, proveConsistency(before, size, read))).toBe(true);
        const needed = new Set(tilesOfRanges(inclusionRanges(index, size), size).map(formatTilePath));
        const only = (tile: Tile): readonly Hash[] => {
          expect(needed).toContain(formatTilePath(tile));
          return readTile(tile);
        };
        proveInclusion(index, size, readNodeFrom(size, only));
        expect(needed.size).toBeLessThanOrEqual(4);
      }
      before = size;
      knownBefore = known.root();
    }
  });

  test('takes tiles that were written in between only once, and full ones of level 1', () => {
    const edge = emptyEdge();
    for (const leaf of leaves.slice(0, 65_536)) edge.append(leaf);
    const tiles = edge.takeTiles();
    expect(tiles.filter(({ width }) => width < 256).map(formatTilePath)).toEqual(['tile/2/000.p/1']);
    edge.append(leaves[65_536] as Hash);
    expect(pathsOf(edge.takeTiles())).toEqual(['tile/0/256.p/1']);
  });

  test('what was taken does not change when leaves are added', () => {
    const edge = emptyEdge();
    edge.append(leaves[0] as Hash);
    const [tile] = edge.takeTiles();
    edge.append(leaves[1] as Hash);
    expect(tile?.hashes).toEqual([leaves[0]]);
  });

  test('refuses a tile of another width', () => {
    expect(() => new TreeEdge(5, () => leaves.slice(0, 4))).toThrow(RangeError);
  });

  test('names the tiles of a consistency proof, each once', () => {
    const tiles = tilesOfRanges(consistencyRanges(65_537, 70_000), 70_000).map(formatTilePath);
    expect(new Set(tiles).size).toBe(tiles.length);
    expect(tiles.length).toBeLessThanOrEqual(5);
  });
});
