import { contradicted, openPosition } from './position.ts';
import type { Position } from './position.ts';
import { AuditsealError } from '../core/errors.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { hasGrownFrom } from '../ledger/treeProof.ts';
import type { ForwardTarget, PositionStore } from '../ports/forward.ts';
import type { TileStore } from '../ports/store.ts';

/** ForwardFrom is where forwarding begins: with the first record, with what comes from now on, or with a time (ISO 8601). */
export type ForwardFrom = 'beginning' | 'now' | { readonly time: string };

export interface StartDeps {
  readonly tiles: Pick<TileStore, 'read'>;
  readonly position: PositionStore;
  /** the rule that the rows are posted to */
  readonly target: ForwardTarget;
  /** name of the ledger, and of its log */
  readonly origin: string;
  /** keys of the auditor, who signs positions */
  readonly auditors: readonly VerifierKey[];
  readonly from: ForwardFrom;
}

/** Start is where a run starts. */
export interface Start {
  readonly position: Position;
  /** the position that is stored, if it is of this rule */
  readonly kept?: Position;
  /** version of what is stored, of this rule or of another one */
  readonly version?: string;
  /** why it begins; left out where it goes on */
  readonly why?: string;
}

/**
 * start takes up the position, or begins where there is none, or one of another rule. It throws FORK_DETECTED where the log isn't the
 * one that was forwarded up to a position, and what openPosition throws.
 */
export async function start(deps: StartDeps, head: TreeHead): Promise<Start> {
  const { tiles, position: store, target, origin, auditors } = deps;
  const stored = await store.read();
  if (stored === undefined) return { position: beginning(deps, head), why: 'there is no position' };
  if (stored === 'too-large') throw contradicted('is too large');
  const position = openPosition(stored.bytes, origin, auditors);
  await check(tiles, position.seen, head);
  const { endpoint, rule } = position.target;
  if (endpoint === target.endpoint && rule === target.rule)
    return { position: { ...position, seen: head }, kept: position, version: stored.version };
  const why = `the rule changed: the position is of ${rule} at ${endpoint}, and rows go to ${target.rule} at ${target.endpoint}`;
  return { position: beginning(deps, head), version: stored.version, why };
}

const NOTHING = { record: 0, owed: [], owedRecord: 0, omitted: 0, refused: 0, begun: false };

function beginning({ target, from }: StartDeps, head: TreeHead): Position {
  const at = from === 'now' ? head.size : 0;
  return { seen: head, target, batch: at, next: at, from: typeof from === 'object' ? from.time : '', ...NOTHING };
}

/** check throws where the log isn't the one that was seen. */
async function check(tiles: Pick<TileStore, 'read'>, seen: TreeHead, head: TreeHead): Promise<void> {
  const { size } = head;
  if (seen.size > size)
    throw new AuditsealError(
      'FORK_DETECTED',
      `the published checkpoint has ${size} entries, and one of ${seen.size} was seen: an older one was put back`,
    );
  if (!(await hasGrownFrom(tiles, seen, head)))
    throw new AuditsealError('FORK_DETECTED', `the log does not go on from the ${seen.size} entries that were seen`);
}
