import { headsBefore } from './logEntries.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { openCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import type { OpenedCheckpoint } from '../core/note/checkpoint.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { NEWEST_CHECKPOINT } from '../core/objects/names.ts';
import type { TileStore } from '../ports/store.ts';

/** PublishedLog is a log by the checkpoint that is published among its tiles, and how far it has come there. */
export interface PublishedLog extends Omit<OpenedCheckpoint, 'text'> {
  readonly note: Buffer;
  readonly heads: LogPosition;
}

/**
 * openPublished opens the checkpoint that is published, or gives in words why it can't: there is none, no given key signed it, its log is
 * empty, or it doesn't end where a batch does. Whoever may write the tiles can publish a log of their own, so without a key nobody vouches for it,
 * and `signatures` is empty. It throws TILE_MALFORMED, and what the store throws.
 */
export async function openPublished(
  tiles: Pick<TileStore, 'read'>,
  verifiers: readonly VerifierKey[],
): Promise<PublishedLog | string> {
  const note = await tiles.read(NEWEST_CHECKPOINT);
  if (typeof note !== 'object') return 'no checkpoint is published among the tiles';
  const opened = open(note, verifiers);
  if (typeof opened === 'string') return opened;
  if (opened.checkpoint.size === 0) return 'the published checkpoint is of a log without entries';
  const heads = await headsBefore(tiles, opened.checkpoint, opened.checkpoint.size);
  if (heads === undefined) return 'the published checkpoint does not end where a batch does';
  return { note, ...opened, heads };
}

function open(note: Buffer, verifiers: readonly VerifierKey[]): Omit<OpenedCheckpoint, 'text'> | string {
  try {
    const checkpoint = parseCheckpointNote(note);
    if (verifiers.length === 0) return { checkpoint, signatures: [], cosignatures: [] };
    const opened = attempt(() => openCheckpoint(note, checkpoint.origin, verifiers), 'malformed', 'contradicted');
    return opened ?? 'no given key signed the published checkpoint';
  } catch (error) {
    return `the published checkpoint can't be read: ${faultIn(error, 'malformed').message}`;
  }
}
