import { findEnd } from './dense.ts';
import { checkpointIn, mirrorTiles } from './mirrorTiles.ts';
import type { MirrorTilesOptions, MirroredTiles } from './mirrorTiles.ts';
import { readTile } from './tiles.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { NEWEST_CHECKPOINT, batchName, checkpointName, parseCheckpointName } from '../core/objects/names.ts';
import type { ObjectStore, ReadableTiles, TileStore } from '../ports/store.ts';

/** How often it is asked whether a checkpoint is published, and how long after one answer again: it is, moments after it was stored. */
const TRIES = 10;
const PAUSE_MS = 1000;

interface CopiedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Buffer;
}

/**
 * mirrorGrownTiles ends a copy of a ledger whose log grew while it was copied, its tiles first: it copies the tiles of the newest
 * checkpoint that the copied ledger has, and that one, so that the copy is of one moment. Without that a check of it would say that what
 * is published is stale, and that is what it says of a log whose tiles nobody publishes any more: so it waits ten seconds at most. It gives
 * undefined where there was nothing to do, and otherwise does what mirrorTiles does.
 */
export async function mirrorGrownTiles(
  copied: ObjectStore,
  from: ReadableTiles,
  to: TileStore,
  options: Omit<MirrorTilesOptions, 'upTo'> = {},
  pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
): Promise<MirroredTiles | undefined> {
  const kept = checkpointIn(await readTile(to, NEWEST_CHECKPOINT));
  if (kept === undefined) return undefined;
  const wanted = await newestIn(copied, kept.origin, Infinity);
  if (wanted === undefined || wanted.checkpoint.size <= kept.size) return undefined;
  const published = await publishedWith(from, wanted.checkpoint.size, pause);
  if (published === undefined) return undefined;
  // Who may create objects may have made one of a size that no log has.
  const newest =
    published.checkpoint.size >= wanted.checkpoint.size
      ? wanted
      : await newestIn(copied, kept.origin, published.checkpoint.size);
  if (newest === undefined || newest.checkpoint.size <= kept.size) return undefined;
  const { size, rootHash } = published.checkpoint;
  // What is published may be cosigned by now.
  const isPublished = size === newest.checkpoint.size && rootHash === newest.checkpoint.rootHash;
  // Whatever is there was compared just now.
  return mirrorTiles(copied, from, to, {
    ...options,
    trustsSizes: true,
    upTo: isPublished ? published.note : newest.note,
  });
}

/** newestIn gives the newest checkpoint of a log in a copied ledger that is of a batch there and has at most that many entries. */
async function newestIn(copied: ObjectStore, origin: string, most: number): Promise<CopiedCheckpoint | undefined> {
  const { newest } = await findEnd<CopiedCheckpoint>({
    isTaken: (number) => copied.exists(checkpointName(number)),
    async *list(from) {
      for await (const { name } of copied.list('checkpoints/', checkpointName(from))) {
        const number = parseCheckpointName(name);
        if (number !== undefined) yield number;
      }
    },
    async open(number) {
      const note = await copied.read(checkpointName(number));
      if (note === undefined) return undefined;
      const checkpoint = checkpointIn(note);
      const isOfLog = checkpoint?.origin === origin && checkpoint.size <= most && typeof note === 'object';
      return isOfLog && (await copied.exists(batchName(number))) ? { checkpoint, note } : 'foreign';
    },
  });
  return newest?.opened;
}

/** publishedWith gives what is published, once it has that many entries, or it was asked for often enough. */
async function publishedWith(
  tiles: ReadableTiles,
  size: number,
  pause: (ms: number) => Promise<void>,
): Promise<CopiedCheckpoint | undefined> {
  for (let tries = 1; ; tries++) {
    const note = await readTile(tiles, NEWEST_CHECKPOINT);
    const checkpoint = checkpointIn(note);
    if (note === undefined || checkpoint === undefined) return undefined;
    if (checkpoint.size >= size || tries === TRIES) return { checkpoint, note };
    await pause(PAUSE_MS);
  }
}
