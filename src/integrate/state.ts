import { fork } from './strays.ts';
import { attempt, faultIn } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import type { TileFile } from '../core/merkle/logTree.ts';
import { verifyConsistency } from '../core/merkle/proof.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { checkpointName } from '../core/objects/names.ts';
import type { Trust } from '../core/signed/certificate.ts';
import type { LogStart } from '../ledger/batches.ts';
import { proveGrowth } from '../ledger/treeProof.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles, TileStore } from '../ports/store.ts';

/** ReadLogDeps is what the log is read with. */
export interface ReadLogDeps {
  readonly store: ObjectStore;
  readonly tiles: ReadableTiles;
  /** name of the ledger, and of its log */
  readonly origin: string;
  /** keys that the log signs with, or did */
  readonly verifiers: readonly VerifierKey[];
  readonly now: Clock;
}

export interface LogDeps extends ReadLogDeps {
  readonly tiles: TileStore;
}

/** Newest is a checkpoint as it is stored, and the files that came with it. */
export interface Newest {
  readonly number: number;
  readonly note: Buffer;
  readonly files: readonly [TileFile, ...TileFile[]];
}

/** LogState is the log up to its last batch. Its tree grows with it. */
export interface LogState extends LogStart {
  readonly heads: LogPosition;
  /** the least number that is free: the next batch's */
  readonly next: number;
  /**
   * what covers the last batch: its checkpoint; 'wanted' while nothing has the checkpoint's name, 'taken' if something else
   * has; undefined before the first batch
   */
  readonly newest?: Newest | 'wanted' | 'taken';
  readonly known: KnownTrees;
}

/** KnownTrees is what tells an earlier checkpoint of the log from one of another tree. */
export interface KnownTrees {
  /** the newest tree whose checkpoint and tiles are published, if there is one */
  readonly published?: TreeHead;
  /** the roots of the log behind each batch since then, by size; they grow with it */
  readonly later: Map<number, Hash>;
}

/** firstTrust is who may begin the log: the keys that this host was given. */
export const firstTrust = ({ origin, verifiers }: Pick<ReadLogDeps, 'origin' | 'verifiers'>): Trust => ({
  ledger: origin,
  keys: verifiers.map(formatVerifierKey),
});

/** publishedTree is what is known of the log's trees once one is published. */
export const publishedTree = (published: TreeHead): KnownTrees => ({ published, later: new Map() });

/** SignedTree is a checkpoint that the log's keys signed, whatever it is of. */
export type SignedTree = Checkpoint & { readonly note: Buffer };

/** openSigned gives the checkpoint of a number: 'foreign' if something else has its name, undefined if nothing has. */
export async function openSigned(
  { store, origin, verifiers }: ReadLogDeps,
  number: number,
): Promise<SignedTree | 'foreign' | undefined> {
  const note = await store.read(checkpointName(number));
  if (note === undefined) return undefined;
  if (typeof note === 'string') return 'foreign';
  const opened = attempt(() => openCheckpoint(note, origin, verifiers), 'malformed', 'contradicted');
  return opened === undefined ? 'foreign' : { ...opened.checkpoint, note };
}

/**
 * readCheckpoint gives the checkpoint of the last batch, whose tree is `head`: 'wanted' if nothing has its name, 'taken' if
 * something else has. An earlier one of the log under that name is something else too. One of another tree throws FORK_DETECTED.
 */
export async function readCheckpoint(
  deps: ReadLogDeps,
  number: number,
  head: TreeHead,
  known: KnownTrees,
): Promise<Buffer | 'wanted' | 'taken'> {
  const name = checkpointName(number);
  const checkpoint = await openSigned(deps, number);
  if (checkpoint === undefined) return 'wanted';
  if (checkpoint === 'foreign') return 'taken';
  if (isSameTree(checkpoint, head)) return checkpoint.note;
  if (await isEarlier(deps, checkpoint, known)) return 'taken';
  throw fork(`${name}: the log's key signed it over another tree than the batches up to it`);
}

/** isEarlier tells whether the log begins with a tree. Tiles that lie prove nothing: then it is taken to. */
async function isEarlier(
  { tiles }: ReadLogDeps,
  earlier: TreeHead,
  { published, later }: KnownTrees,
): Promise<boolean> {
  if (later.get(earlier.size) === earlier.rootHash) return true;
  if (published === undefined || earlier.size > published.size) return false;
  if (earlier.size === published.size) return isSameTree(earlier, published);
  try {
    return verifyConsistency(earlier, published, await proveGrowth(tiles, earlier.size, published));
  } catch (error) {
    faultIn(error, 'malformed');
    return true;
  }
}
