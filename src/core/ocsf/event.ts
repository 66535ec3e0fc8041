import { isUtf8 } from 'node:buffer';
import { fold } from '../fields/fold.ts';
import { parseEventTime } from '../fields/eventTime.ts';
import { formatHash, sha256 } from '../hash.ts';
import { CLASSES, OBSERVABLES, OCSF_VERSION, OTHER, SEVERITIES, SHA_256, UNKNOWN } from './classes.ts';
import type { ClassName, OcsfClass } from './classes.ts';
import type { Mapped, Mapping, Status } from './mapping.ts';
import { MAPPINGS } from './mappings.ts';
import { codeOf, given } from './parts.ts';
import type { Attributes } from './parts.ts';
import { RecordView } from './record.ts';
import type { OcsfRecord } from './record.ts';

const BY_CATEGORY = new Map<string, Mapping[]>();
for (const mapping of MAPPINGS)
  for (const category of mapping.categories ?? [])
    BY_CATEGORY.set(category, [...(BY_CATEGORY.get(category) ?? []), mapping]);
const BY_OPERATION = MAPPINGS.flatMap((mapping) => (mapping.operations ?? []).map((start) => ({ start, mapping })));

interface Found {
  readonly mapping: Mapping | undefined;
  readonly name: ClassName;
  readonly mapped: Mapped;
}

const BASE: Mapped = { activity: UNKNOWN, attributes: {} };

function findMapping(record: RecordView): Found {
  const { category = '' } = record.values;
  const operation = record.text('operationName') ?? '';
  const started = BY_OPERATION.filter(({ start }) => fold(operation).startsWith(start)).map(({ mapping }) => mapping);
  const mappings = [...(BY_CATEGORY.get(fold(category)) ?? []), ...started];
  for (const mapping of mappings) {
    const mapped = mapping.map(record);
    if (mapped !== undefined) return { mapping, name: mapping.to, mapped };
  }
  return { mapping: mappings[0], name: 'base', mapped: BASE };
}

/**
 * eventOf makes of a record an event of OCSF: of the class that the first mapping gives that is of it, or else a base event. What is
 * clear is mapped; whatever it was, the record itself is in `raw_data`, its fields are in `unmapped`, and `unmapped.auditseal` leads back
 * to its proof. schema.ocsf.io/1.8.0
 */
export function eventOf(record: OcsfRecord, toolVersion: string): Attributes {
  const view = new RecordView(record);
  const { mapping, name, mapped } = findMapping(view);
  const kind: OcsfClass = CLASSES[name];
  const { values } = record;
  const { activity } = mapped;
  const activityName = activityNameOf(kind, activity, values.operation);
  const severity = mapped.severity ?? severityOf(view);
  const shown = { ...mapped.attributes };
  return {
    activity_id: activity,
    activity_name: activityName,
    category_uid: Math.floor(kind.uid / 1000),
    category_name: kind.category,
    class_uid: kind.uid,
    class_name: kind.name,
    type_uid: kind.uid * 100 + activity,
    type_name: `${kind.name}: ${activityName}`,
    severity_id: severity,
    severity: SEVERITIES[severity],
    time: parseEventTime(values.time ?? '') ?? record.enqueued,
    ...statusOf(values.result, mapped.status),
    ...shown,
    ...given({ observables: observablesOf(shown) }),
    metadata: metadataOf(record, view, mapping, toolVersion),
    ...rawOf(record),
    unmapped: unmappedOf(record),
  };
}

function activityNameOf({ activities }: OcsfClass, activity: number, operation: string | undefined): string {
  if (activity === UNKNOWN) return 'Unknown';
  return activity === OTHER ? (operation ?? 'Other') : (activities[activity] ?? 'Other');
}

/** The words that say no more than that all is well. What else a service calls a warning or an error is no measure of effort. */
function severityOf(view: RecordView): number {
  return ['informational', 'information', 'info'].includes(fold(view.first('level', 'properties.level') ?? '')) ? 1 : 0;
}

const SUCCESS = ['success', 'succeeded', 'succeeded.', 'successful', 'true', 'ok'];
const FAILURE = ['failure', 'failed', 'failed.', 'fail', 'false', 'error', 'denied', 'forbidden', 'unauthorized'];

/** statusOf tells whether it went well, where the result says so; any other result is given as it stands. */
function statusOf(result: string | undefined, own: Status | undefined): Attributes {
  const code = result !== undefined && /^\d{1,9}$/.test(result) ? { status_code: result } : {};
  if (own !== undefined) return { status_id: own.id, status: own.name, ...code };
  if (result === undefined) return { status_id: 0, status: 'Unknown' };
  const http = codeOf(result);
  const isDone = SUCCESS.includes(fold(result)) || (http !== undefined && http < 400);
  const isFailed = FAILURE.includes(fold(result)) || (http !== undefined && http >= 400);
  if (isDone) return { status_id: 1, status: 'Success', ...code };
  return isFailed ? { status_id: 2, status: 'Failure', ...code } : { status_id: OTHER, status: result, ...code };
}

function metadataOf(
  record: OcsfRecord,
  view: RecordView,
  mapping: Mapping | undefined,
  toolVersion: string,
): Attributes {
  const { values, ledger, partition, enqueued } = record;
  const auditseal = { name: 'Auditseal', version: toolVersion };
  return {
    version: OCSF_VERSION,
    product: mapping?.product ?? { name: providerOf(values.resource) ?? 'unknown' },
    // Not the record hash: the same bytes under the same number in two partitions have one.
    uid: [...(ledger === undefined ? [] : [ledger]), partition, record.record].join('/'),
    logged_time: enqueued,
    loggers: [{ name: 'Auditseal', product: auditseal, ...given({ log_name: ledger }), logged_time: enqueued }],
    ...given({
      original_time: values.time,
      log_name: values.category,
      event_code: values.operation,
      correlation_uid: values.correlation,
      tenant_uid: view.first('tenantId', 'properties.tenantId'),
    }),
  };
}

/** providerOf gives the resource provider of a resource's id. */
const providerOf = (resource: string | undefined): string | undefined =>
  /\/providers\/([^/]+)\//i.exec(`${resource ?? ''}/`)?.[1];

/** What isn't UTF-8 can't be a string of JSON: then `unmapped.auditseal.raw_base64` has it. The hash is of what `raw_data` holds. */
function rawOf({ raw }: OcsfRecord): Attributes {
  if (!isUtf8(raw)) return { raw_data_size: raw.length };
  return {
    raw_data: raw.toString('utf8'),
    raw_data_hash: { algorithm_id: SHA_256.id, algorithm: SHA_256.name, value: formatHash(sha256(raw)) },
    raw_data_size: raw.length,
  };
}

/** 1.8.0 has no place for proofs: record_integrity comes with a later release. */
function unmappedOf({ values, raw, ...record }: OcsfRecord): Attributes {
  const { ledger, partition, segment, leaf, entry, hash, form } = record;
  return {
    auditseal: {
      ...given({ ledger }),
      partition,
      record: record.record,
      segment,
      leaf,
      entry: entry ?? null,
      hash,
      form,
      ...(isUtf8(raw) ? {} : { raw_base64: raw.toString('base64') }),
    },
    ...values,
  };
}

/** observablesOf names the addresses and users that an event has, and where. */
function observablesOf(attributes: Attributes): readonly Attributes[] | undefined {
  const found: Attributes[] = [];
  const add = (name: string, type: keyof typeof OBSERVABLES): void => {
    const value = name.split('.').reduce<unknown>((at, key) => (at as Attributes | undefined)?.[key], attributes);
    const { id, name: typeName } = OBSERVABLES[type];
    if (typeof value === 'string') found.push({ name, type_id: id, type: typeName, value });
  };
  add('src_endpoint.ip', 'ip');
  add('dst_endpoint.ip', 'ip');
  add('actor.user.name', 'user');
  add('user.name', 'user');
  return found.length === 0 ? undefined : found;
}
