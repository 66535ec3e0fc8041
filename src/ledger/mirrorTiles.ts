import { InFlight } from './concurrency.ts';
import type { MirrorOptions } from './mirror.ts';
import { roomFor } from './mirrorRoom.ts';
import { neededIndex } from './neededIndex.ts';
import { readTile } from './tiles.ts';
import { hasGrownFrom } from './treeProof.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { formatHash, hasMd5 } from '../core/hash.ts';
import { parseCheckpointNote } from '../core/note/checkpoint.ts';
import {
  TILE_WIDTH,
  edgeTiles,
  formatBundlePath,
  formatTilePath,
  parseBundlePath,
  parseTilePath,
} from '../core/merkle/tile.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { NEWEST_CHECKPOINT, isIndexName, isTileName } from '../core/objects/names.ts';
import type { ObjectInfo, ObjectStore, ReadableTiles, TileStore } from '../ports/store.ts';

/** MirroredTiles is how many files were written and of how many bytes, and how many were there; or why none was written. */
export type MirroredTiles =
  { readonly written: number; readonly bytes: number; readonly present: number } | { readonly refused: string };

/**
 * mirrorTiles copies the tiles of a log that the mirror lacks, and its newest checkpoint. The checkpoint is read first and
 * written last, so that whatever it covers is there by then. The ledger must be copied after its tiles, or its copy may lack
 * what the checkpoint covers. Nothing is copied where the mirror has a checkpoint that the newest one isn't proved to continue.
 * Of the index, what searches and answers go by is copied; all of it, where nothing tells what that is. What is there has to have the
 * same bytes, or else it is written again: it can be made again at any time. It throws STORE_FULL as mirrorLedger does.
 */
export async function mirrorTiles(
  store: Pick<ObjectStore, 'read'>,
  from: ReadableTiles,
  to: TileStore,
  { trustsSizes = false, free, concurrency = 1, requests, isOfSlice = false, upTo }: MirrorTilesOptions = {},
): Promise<MirroredTiles> {
  const checkpoint = upTo ?? (await readTile(from, NEWEST_CHECKPOINT));
  const refused = await whyRefused(from, to, checkpoint);
  if (refused !== undefined) return { refused };
  const present = new Map<string, number>();
  for await (const { name, size } of to.list('')) present.set(name, size);
  const index = checkpoint && (await neededFiles(store, from, checkpoint));
  const isOld = isOfSlice ? oldTilesOf(checkpoint) : () => false;
  const isWanted = (name: string): boolean =>
    name !== NEWEST_CHECKPOINT &&
    isTileName(name) &&
    !isOld(name) &&
    (!isIndexName(name) || index?.has(name) !== false);
  await roomFor(from.list(''), (name) => !isWanted(name) || present.has(name), free);
  const done = { written: 0, bytes: 0, present: 0 };
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    await to.write(name, bytes);
    done.written += 1;
    done.bytes += bytes.length;
  };
  const wanted = async function* (): AsyncGenerator<ObjectInfo> {
    for await (const file of from.list('')) if (isWanted(file.name)) yield file;
  };
  const copy = async ({ name, size, md5 }: ObjectInfo): Promise<void> => {
    const hasSize = present.get(name) === size;
    const stored = hasSize && !trustsSizes ? await readTile(to, name) : undefined;
    const isThere = hasSize && (trustsSizes || (stored !== undefined && md5 !== undefined && hasMd5(stored, md5)));
    const bytes = isThere ? undefined : await readTile(from, name);
    if (isThere || (bytes !== undefined && stored?.equals(bytes) === true)) done.present += 1;
    else if (bytes !== undefined) await write(name, bytes); // else a partial tile that has grown since
  };
  await new InFlight(concurrency, requests).each(wanted(), ({ size }) => size, copy);
  if (checkpoint === undefined) return done;
  const kept = await readTile(to, NEWEST_CHECKPOINT);
  if (kept?.equals(checkpoint) === true) done.present += 1;
  else await write(NEWEST_CHECKPOINT, checkpoint);
  return done;
}

/** MirrorTilesOptions says how tiles are copied. */
export interface MirrorTilesOptions extends Partial<Omit<MirrorOptions, 'onProgress'>> {
  /** leave out the partial tiles of earlier checkpoints: they are most of all bytes, and prove nothing that the full ones don't */
  readonly isOfSlice?: boolean;
  /** the note of the checkpoint to copy, and the tiles of; left out, the one that is published */
  readonly upTo?: Buffer;
}

/** oldTilesOf tells which partial tiles and bundles a log's newest checkpoint doesn't imply. */
function oldTilesOf(note: Buffer | undefined): (name: string) => boolean {
  const head = checkpointIn(note);
  if (head === undefined) return () => false;
  const edge = edgeTiles(head.size);
  const bundles = edge.filter(({ level }) => level === 0);
  const needed = new Set([...edge.map(formatTilePath), ...bundles.map(formatBundlePath)]);
  return (name) => {
    const { width = TILE_WIDTH } = parseTilePath(name) ?? parseBundlePath(name) ?? {};
    return width < TILE_WIDTH && !needed.has(name);
  };
}

/** whyRefused says why a log's newest checkpoint, and its tiles, must not be copied over those of a mirror; undefined where they may. */
export async function whyRefused(
  from: ReadableTiles,
  to: TileStore,
  checkpoint: Buffer | undefined,
): Promise<string | undefined> {
  const kept = await to.read(NEWEST_CHECKPOINT);
  return kept === undefined || checkpoint === undefined ? undefined : whyNot(from, kept, checkpoint);
}

async function neededFiles(
  store: Pick<ObjectStore, 'read'>,
  tiles: ReadableTiles,
  checkpoint: Buffer,
): Promise<ReadonlySet<string> | undefined> {
  const head = checkpointIn(checkpoint);
  if (head === undefined) return undefined;
  try {
    return await neededIndex({ store, tiles }, head);
  } catch (error) {
    faultIn(error, 'malformed');
    return undefined;
  }
}

/** whyNot says why a checkpoint must not take the place of the one that a mirror has. Whether either is signed is for a check. */
async function whyNot(tiles: ReadableTiles, kept: Buffer | string, next: Buffer): Promise<string | undefined> {
  const [before, after] = [kept, next].map(checkpointIn);
  if (before === undefined) return 'what the mirror has under this name is no checkpoint; it was left as it is';
  const has = `the mirror has one of ${describe(before)}`;
  if (after === undefined) return `it is no checkpoint, and ${has}`;
  if (after.origin !== before.origin)
    return `it is of the log ${JSON.stringify(after.origin).slice(0, 100)}, and ${has}`;
  const states = `it states ${describe(after)}, and ${has}`;
  if (after.size < before.size) return `${states}, which is larger; the mirror's was left as it is`;
  try {
    return (await hasGrownFrom(tiles, before, after)) ? undefined : `${states}, which it does not continue`;
  } catch (error) {
    return `${states}; nothing proves that it continues that: ${faultIn(error, 'malformed').message}`;
  }
}

/** checkpointIn gives the checkpoint in a note, whoever signed it; undefined where it has none. */
export const checkpointIn = (note: Buffer | string | undefined): Checkpoint | undefined =>
  typeof note !== 'object' ? undefined : attempt(() => parseCheckpointNote(note), 'malformed');

const describe = ({ size, rootHash }: Checkpoint): string => `${size} entries and the root ${formatHash(rootHash)}`;
