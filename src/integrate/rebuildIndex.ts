import { RULES_VERSION } from '../core/fields/rules.ts';
import { formatHash } from '../core/hash.ts';
import type { BuildUnit } from '../core/index/build.ts';
import type { IndexUnit } from '../core/index/manifest.ts';
import type { IndexStoredSegment } from '../core/index/terms.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { NO_HEADS } from '../core/objects/heads.ts';
import { manifestName, unitName } from '../core/objects/names.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { manifestFile, otherRules, unitFiles } from '../ledger/indexFiles.ts';
import { readIndexPart } from '../ledger/indexPart.ts';
import { IndexUnits } from '../ledger/indexUnits.ts';
import type { UnitFiles } from '../ledger/indexUnits.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { readTile } from '../ledger/tiles.ts';
import { isSame } from '../ports/store.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

/** RebuiltIndex is the index that a log states, made again; its manifest isn't what the log states where that was wrong. */
export interface RebuiltIndex {
  readonly entries: number;
  readonly manifest: string;
  readonly isAsStated: boolean;
  /** files that were missing, or were others: units, and the manifest */
  readonly written: number;
}

export interface RebuildIndexDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly tiles: TileStore;
  /** give the terms of a segment, and make a unit: here or in another thread; they take the bytes over */
  readonly indexSegment: IndexStoredSegment;
  readonly buildUnit: BuildUnit;
  /** how many segments may be read at one time; memory is that many */
  readonly concurrency: number;
}

/**
 * rebuildIndex makes the index again that the log of that tree states, from the segments and the log's tiles: byte for byte what this
 * release wrote. It gives undefined where the log states none, and in words why it can't make it. It throws STORE_UNAVAILABLE or
 * SEGMENT_MALFORMED for a segment that can't be read, or isn't what its entry says. It is safe to repeat, and to die at any line.
 */
export async function rebuildIndex(
  { store, tiles, indexSegment, buildUnit, concurrency }: RebuildIndexDeps,
  head: TreeHead,
): Promise<RebuiltIndex | string | undefined> {
  const stated = (await headsBefore(tiles, head, head.size))?.index;
  if (stated === undefined) return undefined;
  const why = otherRules(stated);
  if (why !== undefined) return why;
  const files = new ComparedFiles(tiles);
  const units = new IndexUnits(files, [], 0, buildUnit);
  let entries = 0;
  for await (const batch of readBatchesOf(tiles, head, 0, NO_HEADS)) {
    if (batch.size > stated.entries) break;
    const parts = mapInOrder(batch.segments, concurrency, async (it) => readIndexPart(store, it, indexSegment));
    for await (const part of parts) await units.add(part);
    entries = batch.size;
  }
  if (entries !== stated.entries)
    return `the log states an index of ${stated.entries} entries, and no batch ends there`;
  const manifest = { entries, rules: RULES_VERSION, units: await units.finish(entries) };
  const { bytes, statement: made } = manifestFile(manifest);
  await files.writeFile(manifestName(made.manifest), bytes);
  const isAsStated = made.manifest === stated.manifest;
  return { entries, manifest: formatHash(made.manifest), isAsStated, written: files.written };
}

/** ComparedFiles keeps files of the index among the tiles, and writes those that aren't right there. */
class ComparedFiles implements UnitFiles {
  readonly #tiles: TileStore;
  readonly #files: UnitFiles;
  written = 0;

  constructor(tiles: TileStore) {
    this.#tiles = tiles;
    this.#files = unitFiles(tiles);
  }

  read(unit: IndexUnit): Promise<Buffer> {
    return this.#files.read(unit);
  }

  async write(unit: IndexUnit, bytes: Buffer): Promise<void> {
    await this.writeFile(unitName(unit.tree.rootHash), bytes);
  }

  async writeFile(name: string, bytes: Buffer): Promise<void> {
    if (isSame(await readTile(this.#tiles, name), bytes)) return;
    await this.#tiles.write(name, bytes);
    this.written += 1;
  }
}
