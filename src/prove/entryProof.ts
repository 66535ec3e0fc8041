import type { SegmentInLog } from '../ledger/entries.ts';
import { AuditsealError, faultIn } from '../core/errors.ts';
import { leafHash } from '../core/hash.ts';
import { inclusionRanges, proveInclusion, verifyInclusion } from '../core/merkle/proof.ts';
import type { InclusionProof } from '../core/merkle/proof.ts';
import { openCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { NEWEST_CHECKPOINT, checkpointName, parseCheckpointName } from '../core/objects/names.ts';
import { storedCosignatures, withCosignatures } from '../ledger/cosignatures.ts';
import { firstFree } from '../ledger/dense.ts';
import { nodesFromTiles } from '../ledger/treeProof.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ReadableObjects, SearchableTiles, TileStore, Unread } from '../ports/store.ts';

export interface ProveDeps {
  readonly store: ReadableObjects;
  readonly tiles: SearchableTiles;
  /** keys that the log signs with, or did; without any, no signature is verified */
  readonly verifiers: readonly VerifierKey[];
}

/** EntryProof binds an entry to a checkpoint. */
export interface EntryProof {
  /** the checkpoint with its signatures, and the cosignatures that are stored */
  readonly note: Buffer;
  readonly checkpoint: Checkpoint;
  readonly proof: InclusionProof;
}

/** ProvedEntry is an entry of a segment that counts, and the proof that the log has it. */
export interface ProvedEntry {
  readonly found: SegmentInLog;
  readonly entryProof: EntryProof;
}

/** How many checkpoints behind an entry are tried at most. */
const MAX_TRIES = 100;

/**
 * proveEntry proves an entry against the newest checkpoint that is signed and has its tiles, and gives undefined if there is
 * none that covers it yet.
 *
 * The published one is tried first, because its tiles are there. Whoever may write tiles can replace it; then the checkpoints
 * of the ledger are tried, of which at most the last one lacks its tiles.
 */
export async function proveEntry(
  { store, tiles, verifiers }: ProveDeps,
  { leaf, line, batch }: SegmentInLog,
): Promise<EntryProof | undefined> {
  let fault: AuditsealError | undefined;
  const tryNote = async (note: Buffer | Unread | undefined): Promise<EntryProof | undefined> => {
    try {
      if (note === undefined) return undefined;
      if (typeof note === 'string') throw new AuditsealError('CHECKPOINT_MALFORMED', WHY_UNREAD[note]);
      const checkpoint = openFor(note, verifiers);
      if (checkpoint.size <= leaf) return undefined;
      return { note, checkpoint, proof: await proveFromTiles(tiles, leaf, line, checkpoint) };
    } catch (error) {
      const unusable = faultIn(error, 'malformed', 'contradicted');
      fault ??= unusable;
      return undefined;
    }
  };
  const published = await tryNote(await tiles.read(NEWEST_CHECKPOINT));
  if (published !== undefined) return published;
  let isCovered = false;
  for await (const number of coveringNumbers(store, batch)) {
    const note = await store.read(checkpointName(number));
    if (note === undefined) continue;
    isCovered = true;
    const found = await tryNote(note);
    if (found !== undefined)
      return { ...found, note: withCosignatures(found.note, await storedCosignatures(store, number)) };
  }
  if (fault !== undefined && isCovered) throw fault;
  return undefined;
}

/**
 * coveringNumbers gives numbers of checkpoints that may cover a batch, the newest that dense names lead to first. Somebody may
 * have taken names of some.
 */
async function* coveringNumbers(store: ReadableObjects, batch: number): AsyncGenerator<number> {
  const end = await firstFree((number) => store.exists(checkpointName(number)), batch);
  for (let number = end - 1; number >= Math.max(end - 2, batch); number--) yield number;
  let tries = 0;
  for await (const { name } of store.list('checkpoints/', checkpointName(batch))) {
    const number = parseCheckpointName(name);
    if (number !== undefined) yield number;
    if ((tries += 1) === MAX_TRIES) return;
  }
}

/** openFor gives the checkpoint in a note, by a key of its own log if there are any, and throws as openCheckpoint does. */
export function openFor(note: Buffer, verifiers: readonly VerifierKey[]): Checkpoint {
  const checkpoint = parseCheckpointNote(note);
  return verifiers.length > 0 ? openCheckpoint(note, checkpoint.origin, verifiers).checkpoint : checkpoint;
}

/** proveFromTiles makes the proof of a leaf, and throws TILE_MALFORMED if what the tiles give doesn't fit the checkpoint. */
async function proveFromTiles(
  tiles: Pick<TileStore, 'read'>,
  leaf: number,
  line: Buffer,
  { size, rootHash }: Checkpoint,
): Promise<InclusionProof> {
  const proof = proveInclusion(leaf, size, await nodesFromTiles(tiles, inclusionRanges(leaf, size), size));
  if (verifyInclusion(proof, leafHash(line), rootHash)) return proof;
  throw new AuditsealError('TILE_MALFORMED', `the tiles do not fit the checkpoint of size ${size}: rebuild the tiles`);
}
