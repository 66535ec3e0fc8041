import { formatHash, leafHash } from '../core/hash.ts';
import { segmentName } from '../core/objects/names.ts';
import { formatHeader } from '../core/segment/header.ts';
import type { SegmentHeader } from '../core/segment/header.ts';
import { formatEnd } from '../core/segment/writer.ts';
import { compress } from '../core/segment/zstd.ts';
import type { Clock, Log, ObjectStore } from '../ports/store.ts';
import { findChainHead } from './chainHead.ts';
import type { ChainHead } from './chainHead.ts';
import type { LogHeads } from '../core/objects/heads.ts';

export interface HeartbeatDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Log;
  /** the ledger's name */
  readonly ledger: string;
  /** after this time without a segment a partition gets a heartbeat */
  readonly idleMs: number;
}

/**
 * sealHeartbeats seals a segment without events in every partition that has been idle for too long, so that a quiet
 * partition can be told from a dead pipeline. `heads` says where the log has come to. A name that is taken meanwhile is
 * good: then the partition isn't idle.
 */
export async function sealHeartbeats(deps: HeartbeatDeps, heads: LogHeads): Promise<number> {
  const { store, now, log, ledger, idleMs } = deps;
  let sealed = 0;
  for (const [partition, position] of heads.positions) {
    if (position.sealed === '' || now() - Date.parse(position.sealed) < idleMs) continue;
    const head = await findChainHead({ store, log, ledger }, partition, position.next);
    // Segments that the log doesn't have yet: it is behind, the partition isn't idle.
    if (head.index !== position.next || head.root !== position.root) continue;
    const { header, stored, root } = heartbeatOf(head, partition, ledger, new Date(now()).toISOString());
    // Durable point, as in ingest: who creates the name has sealed the segment.
    const outcome = await store.create(segmentName(partition, head.index), stored, {
      root: formatHash(root),
      prev: formatHash(header.prev),
      records: '0',
    });
    if (outcome === 'exists') continue;
    sealed += 1;
    log.info('sealed a heartbeat', { partition, index: head.index });
  }
  return sealed;
}

/**
 * heartbeatOf makes a segment without events. It repeats the time of the last sealed event, so that the next writer needs
 * to read no further back to tell a redelivery from a re-created hub.
 */
function heartbeatOf(
  head: ChainHead,
  partition: string,
  ledger: string,
  sealed: string,
): { header: SegmentHeader; stored: Buffer; root: ReturnType<typeof leafHash> } {
  const { index, root: prev, record, incarnation, lastEvent, lastEnqueued, skipped } = head;
  const header: SegmentHeader = {
    ledger,
    partition,
    index,
    kind: 'heartbeat',
    incarnation,
    sealed,
    prev,
    records: { first: record, count: 0 },
    events: {
      first: lastEvent,
      last: lastEvent,
      count: 0,
      ...(lastEnqueued !== '' && { enqueuedFirst: lastEnqueued, enqueuedLast: lastEnqueued }),
    },
    duplicates: 0,
    gaps: [],
    skipped,
  };
  const line = formatHeader(header);
  const root = leafHash(Buffer.from(line));
  return { header, root, stored: compress(Buffer.from(`${line}\n${formatEnd(0, root)}`)) };
}
