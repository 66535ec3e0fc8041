import rhea from 'rhea';
import type { Hub } from './hub.ts';
import { notFound, partitionOutOfRange, type Refusal, unauthorized } from './refusal.ts';
import { type Request, type Response, statusOf } from './requestLink.ts';

const { types } = rhea;
const STR8 = 0xa1;
const REFUSAL_STATUS: Readonly<Record<string, number>> = { 'amqp:not-found': 404, 'amqp:unauthorized-access': 401 };

/** answerManagement answers a READ of a hub or of one of its partitions. Each request brings its own token. */
export function answerManagement(
  request: Request,
  hubNamed: (name: string) => Hub | undefined,
  refusalOf: (token: string, hub: string) => string | undefined,
): Response {
  const { operation, type, name, partition, security_token: token } = request.properties;
  const hub = hubNamed(String(name));
  const reason = refusalOf(typeof token === 'string' ? token : '', String(name));
  if (reason !== undefined) return refusal(unauthorized(reason));
  if (hub === undefined) return refusal(notFound(String(name)));
  if (operation === 'READ' && type === 'com.microsoft:eventhub') return { ...OK, body: describeHub(hub) };
  if (operation === 'READ' && type === 'com.microsoft:partition') {
    const body = describePartition(hub, String(partition));
    if (body === undefined) return refusal(partitionOutOfRange(String(partition), hub.partitionIds.length));
    return { ...OK, body };
  }
  return { applicationProperties: statusOf(400, `${String(operation)} ${String(type)} is not known here.`) };
}

const OK = { applicationProperties: statusOf(200, 'OK') };

function refusal({ condition, description }: Refusal): Response {
  return { applicationProperties: statusOf(REFUSAL_STATUS[condition] ?? 400, description, condition) };
}

function describeHub(hub: Hub): object {
  return {
    name: hub.name,
    type: 'com.microsoft:eventhub',
    created_at: types.wrap_timestamp(hub.createdAt),
    partition_count: types.wrap_int(hub.partitionIds.length),
    partition_ids: types.wrap_array(hub.partitionIds, STR8, undefined),
    georeplication_factor: types.wrap_int(1),
  };
}

function describePartition(hub: Hub, partition: string): object | undefined {
  const log = hub.log(partition);
  if (log === undefined) return undefined;
  const last = log.lastEnqueued;
  return {
    name: hub.name,
    type: 'com.microsoft:partition',
    partition,
    begin_sequence_number: types.wrap_long(log.beginSequenceNumber),
    last_enqueued_sequence_number: types.wrap_long(last.sequenceNumber),
    last_enqueued_offset: last.offset,
    last_enqueued_time_utc: types.wrap_timestamp(last.enqueuedAt),
    is_partition_empty: log.isEmpty,
  };
}
