import { faultIn } from '../core/errors.ts';
import type { IndexManifest } from '../core/index/manifest.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { IndexStatement, LogPosition } from '../core/objects/heads.ts';
import { otherRules, readManifest } from '../ledger/indexFiles.ts';
import { openPublished } from '../ledger/published.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** IndexedLog is a log by its published checkpoint, and the index that it states. */
export interface IndexedLog {
  readonly note: Buffer;
  readonly checkpoint: Checkpoint;
  readonly heads: LogPosition;
  readonly statement: IndexStatement;
  readonly manifest: IndexManifest;
}

/**
 * openIndexedLog opens a log by what is published of it, so that nobody has to read its batches. It gives in words why it can't: nothing
 * is published that a given key signed, what lies there isn't the checkpoint's, or the log states no index. Whoever may write the tiles
 * alone could publish a log of their own, so without a key nothing published is gone by: the batches are write-once.
 */
export async function openIndexedLog(
  tiles: SearchableTiles,
  verifiers: readonly VerifierKey[],
): Promise<IndexedLog | string> {
  try {
    if (verifiers.length === 0) return 'no key was given, and without one anybody may have made the index';
    const published = await openPublished(tiles, verifiers);
    if (typeof published === 'string') return published;
    const { note, checkpoint, heads } = published;
    const statement = heads.index;
    if (statement === undefined) return 'the log states no index';
    const why = otherRules(statement);
    if (why !== undefined) return why;
    return { note, checkpoint, heads, statement, manifest: await readManifest(tiles, statement) };
  } catch (error) {
    return indexFault(error);
  }
}

/** indexFault gives in words why an index can't be used: who may read the ledger may not be one who may read its tiles. */
export const indexFault = (error: unknown): string => faultIn(error, 'malformed', 'refused', 'unavailable').message;
