import { openFor } from './entryProof.ts';
import type { ProveDeps } from './entryProof.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { NEWEST_CHECKPOINT, checkpointName } from '../core/objects/names.ts';
import type { SignedEntries } from '../ledger/batches.ts';
import { endsWith } from '../ledger/treeProof.ts';
import type { Unread } from '../ports/store.ts';

/**
 * isProven tells whether a batch that a session signed is one of the log's: the checkpoint of its number is by a trusted key, and
 * ends with all its entries, by the tiles. False says that this isn't known. Whoever stole a session can sign any batch.
 */
export async function isProven(deps: ProveDeps, { number, entries, size }: SignedEntries): Promise<boolean> {
  const checkpoint = opened(deps, await deps.store.read(checkpointName(number)));
  if (checkpoint === undefined || checkpoint.size !== size + entries.length) return false;
  try {
    return await endsWith(deps.tiles, checkpoint, entries);
  } catch (error) {
    faultIn(error, 'malformed');
    return false;
  }
}

/** publishedSize is how many entries the published checkpoint covers, 0 if there is none that counts. */
export const publishedSize = async (deps: ProveDeps): Promise<number> =>
  opened(deps, await deps.tiles.read(NEWEST_CHECKPOINT))?.size ?? 0;

const opened = ({ verifiers }: ProveDeps, note: Buffer | Unread | undefined): ReturnType<typeof openFor> | undefined =>
  typeof note === 'object' ? attempt(() => openFor(note, verifiers), 'malformed', 'contradicted') : undefined;
