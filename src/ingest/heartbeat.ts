import { findChainHead } from './chainHead.ts';
import { createSegment } from './createSegment.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { sealedAt } from '../core/segment/chain.ts';
import { sealHeartbeat } from '../core/segment/heartbeat.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';
import type { Sessions } from '../ledger/session.ts';
import type { Certificates } from '../core/signed/certificate.ts';

export interface HeartbeatDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Logger;
  /** the ledger's name */
  readonly ledger: string;
  /** of role segments */
  readonly sessions: Sessions;
  /** whose segments count */
  readonly certificates: Certificates;
  /** after this time without a segment a partition gets a heartbeat */
  readonly idleMs: number;
}

/**
 * sealHeartbeats seals a segment without events in every partition that has been idle for too long, so that a quiet
 * partition can be told from a dead pipeline. `heads` says where the log has come to. A name that is taken meanwhile is
 * good: then the partition isn't idle.
 */
export async function sealHeartbeats(deps: HeartbeatDeps, heads: LogPosition): Promise<number> {
  const { store, now, log, ledger, idleMs, sessions } = deps;
  let sealed = 0;
  for (const [partition, position] of heads.positions) {
    if (position.sealed === '' || now() - Date.parse(position.sealed) < idleMs) continue;
    const head = await findChainHead(deps, partition, position.next);
    // Segments that the log doesn't have yet: it is behind, the partition isn't idle.
    if (head.index !== position.next || head.root !== position.root) continue;
    const time = sealedAt(head, now());
    const session = await sessions.at(time);
    const segment = sealHeartbeat(head, { ledger, partition, sealed: time });
    // Durable point, as in ingest: who creates the name has sealed the segment.
    if ((await createSegment(store, session, head, segment)).head === undefined) continue;
    sealed += 1;
    log.info('sealed a heartbeat', { partition, index: head.index });
  }
  return sealed;
}
