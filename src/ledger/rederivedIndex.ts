import { readManifest } from './indexFiles.ts';
import { readEntriesOfBundle } from './logEntries.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { parseHash, sha256 } from '../core/hash.ts';
import type { IndexManifest } from '../core/index/manifest.ts';
import { TILE_WIDTH } from '../core/merkle/tile.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { IndexReport, Report } from '../core/objects/report.ts';
import { openReport } from '../core/objects/reportFile.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

/** RederivedIndex is an index that a check has made again in whole, as its filed report says, whoever signed that. */
export interface RederivedIndex {
  readonly manifest: IndexManifest;
  /** entries of the log whose last one states it */
  readonly size: number;
  readonly report: { readonly name: string; readonly file: string; readonly index: number };
}

/** So many entry bundles are looked through for reports. */
const MOST_BUNDLES = 256;

/** newestRederived finds the newest report in the log whose check was fine, and made the whole index again; undefined if none is near. */
export async function newestRederived(
  { store, tiles }: { readonly store: Pick<ObjectStore, 'read'>; readonly tiles: Pick<TileStore, 'read'> },
  head: TreeHead,
): Promise<RederivedIndex | undefined> {
  const end = Math.ceil(head.size / TILE_WIDTH);
  for (let bundle = end - 1; bundle >= Math.max(0, end - MOST_BUNDLES); bundle--) {
    const from = bundle * TILE_WIDTH;
    const lines = await readEntriesOfBundle(tiles, head, bundle);
    for (const [offset, line] of [...lines.entries()].toReversed()) {
      const entry = attempt(() => parseEntry(line), 'malformed');
      if (entry?.type !== 'report' || entry.status !== 'verified') continue;
      const bytes = await store.read(entry.name);
      if (typeof bytes !== 'object' || sha256(bytes) !== entry.sha256) continue;
      const report = attempt(() => openReport(bytes, entry.name, undefined), 'malformed');
      const number = from + offset;
      const found = report?.kind === 'integrity' ? await rederivedIn(tiles, report, number) : undefined;
      if (found !== undefined)
        return { ...found, report: { name: entry.name, file: bytes.toString('utf8'), index: number } };
    }
  }
  return undefined;
}

/** rederivedIn gives what a report says that it made again; nothing where that is of entries behind its own, which has that number. */
async function rederivedIn(
  tiles: Pick<TileStore, 'read'>,
  { log }: Report,
  number: number,
): Promise<Omit<RederivedIndex, 'report'> | undefined> {
  const { head, index } = log ?? {};
  const manifest = parseHash(index?.manifest);
  if (!head || index === undefined || manifest === undefined || !isWhole(index)) return undefined;
  if (index.entries > head.size || head.size > number) return undefined;
  try {
    const { entries, rules } = index;
    return { manifest: await readManifest(tiles, { entries, rules, manifest }), size: head.size };
  } catch (error) {
    // What it was made of may be gone.
    faultIn(error, 'malformed');
    return undefined;
  }
}

/** isWhole tells whether a check made all units again. */
const isWhole = ({ units, rederived }: IndexReport): boolean => units > 0 && rederived === units;
