import type { LogDeps, Newest } from './state.ts';
import { attempt } from '../core/errors.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import { parseNote } from '../core/note/note.ts';
import { formatSignatureLine } from '../core/note/signatureLine.ts';
import { NEWEST_CHECKPOINT } from '../core/objects/names.ts';
import { readTile } from '../ledger/tiles.ts';

/**
 * publishLog writes the files of the newest checkpoint, if they are not there, and then the checkpoint. Only after that may
 * the next batch be made: so at most one checkpoint lacks files, and whoever comes next writes them.
 */
export async function publishLog(deps: LogDeps, { note, files }: Newest): Promise<void> {
  const { tiles } = deps;
  const last = files.at(-1) ?? files[0];
  // A death before this leaves a signed checkpoint that nobody is shown; in the middle, files that nobody asks for yet.
  if ((await readTile(tiles, last.name))?.equals(last.bytes) !== true) {
    for (const { name, bytes } of files) await tiles.write(name, bytes);
  }
  await publishCheckpoint(deps, note);
}

/**
 * publishCheckpoint publishes a checkpoint, with its cosignatures or before there are any, unless it is published with
 * these signatures, or a later one is. What the ledger holds of it stays as it is.
 */
export async function publishCheckpoint(deps: LogDeps, note: Buffer): Promise<void> {
  const published = await readTile(deps.tiles, NEWEST_CHECKPOINT);
  if (published !== undefined && (carries(published, note) || isNewer(deps, published, note))) return;
  await deps.tiles.write(NEWEST_CHECKPOINT, note);
}

/** carries tells whether what is published is a note of the same text that has all signatures of another one. */
function carries(published: Buffer, note: Buffer): boolean {
  const [shown, wanted] = [attempt(() => parseNote(published), 'malformed'), parseNote(note)];
  const lines = new Set(shown?.signatures.map(formatSignatureLine));
  return shown?.text === wanted.text && wanted.signatures.every((line) => lines.has(formatSignatureLine(line)));
}

/** isNewer tells whether another integration has published a later checkpoint. What the log didn't sign counts for nothing. */
export function isNewer(
  { origin, verifiers }: Pick<LogDeps, 'origin' | 'verifiers'>,
  published: Buffer | undefined,
  note: Buffer,
): boolean {
  if (published === undefined) return false;
  const sizeOf = (bytes: Buffer): number => openCheckpoint(bytes, origin, verifiers).checkpoint.size;
  return attempt(() => sizeOf(published) > sizeOf(note), 'malformed', 'contradicted') ?? false;
}
