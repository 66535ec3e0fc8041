import type { PartitionActivity } from './activity.ts';
import { release } from '../core/bytes.ts';
import { faultIn } from '../core/errors.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { parseSegmentName, segmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { PartitionReport, Report } from '../core/objects/report.ts';
import { noHours } from '../core/objects/statusReport.ts';
import type { PartitionStatus, SignOfLife } from '../core/objects/statusReport.ts';
import { parseHeader } from '../core/segment/header.ts';
import type { SegmentHeader } from '../core/segment/header.ts';
import { openEntered } from '../core/signed/enteredSegment.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** A heartbeat is a header and an end line. */
const MOST_HEARTBEAT_BYTES = 64 * 1024;
const AT_ONCE = 8;
const LF = 0x0a;

/** Known is what is known of partitions: by the log's entries, and by the newest check. */
export interface Known {
  readonly positions: LogPosition['positions'];
  readonly partitions: ReadonlyMap<string, PartitionActivity>;
  readonly check: Report | undefined;
  /** find gives the entry of a segment that is in none of those that were read */
  find(place: SegmentPlace): Promise<SegmentEntry | undefined>;
}

/** For how many partitions the newest segment's entry is looked up: those that were silent for longer than was read. */
const MOST_LOOKED_UP = 100;

/** UnreadHeartbeat is a heartbeat that could not be read, and why. */
export interface UnreadHeartbeat {
  readonly object: string;
  readonly why: string;
}

/**
 * partitionStatuses says how each partition of the log stands. Of one whose newest segment is a heartbeat it reads that: there the hub
 * said what it had.
 */
export async function partitionStatuses(
  store: Pick<ObjectStore, 'read'>,
  known: Known,
  onUnread: (unread: UnreadHeartbeat) => void,
): Promise<PartitionStatus[]> {
  const { positions, partitions, check } = known;
  const statuses: PartitionStatus[] = [];
  let lookedUp = 0;
  const inOrder = [...positions].toSorted(([a], [b]) => Number(a) - Number(b));
  const asked = mapInOrder(inOrder, AT_ONCE, async ([partition, { index, sealed }]) => {
    const seen = partitions.get(partition);
    let newest = seen?.newest.index === index ? seen.newest : undefined;
    if (newest === undefined && index >= 0 && lookedUp++ < MOST_LOOKED_UP)
      newest = await known.find({ partition, index });
    const checked = check?.partitions.find((one) => one.partition === partition);
    const life = await signOfLife(store, newest, sealed, onUnread);
    return {
      partition,
      ...endOf(newest, checked?.index === index ? checked : undefined),
      life,
      gaps: gapsIn(check, partition),
      hours: seen?.hours ?? noHours(),
    };
  });
  for await (const status of asked) statuses.push(status);
  return statuses;
}

/** endOf gives how far a partition is, by the entry of its newest segment, or by the check that saw it. */
function endOf(
  newest: SegmentEntry | undefined,
  checked: PartitionReport | undefined,
): Pick<PartitionStatus, 'records' | 'lastEvent' | 'lastEnqueued'> {
  if (newest !== undefined) {
    const { records, events, time } = newest;
    const lastEnqueued = events.count > 0 ? time.last : (checked?.lastEnqueued ?? '');
    return { records: records.first + records.count, lastEvent: events.last, lastEnqueued };
  }
  if (checked === undefined) return { records: null, lastEvent: null, lastEnqueued: '' };
  return { records: checked.record, lastEvent: checked.lastEvent, lastEnqueued: checked.lastEnqueued };
}

async function signOfLife(
  store: Pick<ObjectStore, 'read'>,
  newest: SegmentEntry | undefined,
  sealed: string,
  onUnread: (unread: UnreadHeartbeat) => void,
): Promise<SignOfLife> {
  if (newest === undefined || newest.events.count > 0) return { kind: 'records', sealed };
  const header = await readHeartbeat(store, newest, onUnread);
  if (header?.hub === undefined) return { kind: 'heartbeat', sealed };
  const { asked, last } = header.hub;
  return { kind: 'heartbeat', sealed, hub: { asked, last, behind: Math.max(0, last - header.events.last) } };
}

async function readHeartbeat(
  store: Pick<ObjectStore, 'read'>,
  { partition, index, sha256 }: SegmentEntry,
  onUnread: (unread: UnreadHeartbeat) => void,
): Promise<SegmentHeader | undefined> {
  const name = segmentName(partition, index);
  try {
    const stored = await store.read(name, MOST_HEARTBEAT_BYTES);
    if (typeof stored !== 'object') {
      onUnread({
        object: name,
        why: stored === undefined ? 'the log has an entry of it, and it is gone' : WHY_UNREAD[stored],
      });
      return undefined;
    }
    const lines = openEntered(stored, { name, sha256 });
    try {
      return parseHeader(lines.subarray(0, lines.indexOf(LF)));
    } finally {
      release(lines);
    }
  } catch (error) {
    onUnread({ object: name, why: faultIn(error, 'malformed', 'unavailable', 'refused').message });
    return undefined;
  }
}

function gapsIn(check: Report | undefined, partition: string): PartitionStatus['gaps'] {
  const gaps = (check?.findings ?? []).filter(
    ({ code, object }) => code === 'sequence-gap' && parseSegmentName(object)?.partition === partition,
  );
  const acknowledged = gaps.filter(isAcknowledged).length;
  return { open: gaps.length - acknowledged, acknowledged };
}
