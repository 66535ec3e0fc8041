import { cutBytes, cutText } from './cut.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import { fold } from '../core/fields/fold.ts';
import { readRecordFields } from '../core/fields/recordFields.ts';
import { EXTRAS, FIELDS } from '../core/fields/rule.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { ShownValues } from '../core/fields/shownValues.ts';
import { formatHash, leafHash } from '../core/hash.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { segmentName } from '../core/objects/names.ts';
import type { RecordLine } from '../core/segment/lines.ts';
import type { Row } from '../ports/forward.ts';

/** PlacedSegment is the entry of a segment, and its number in the log. */
export interface PlacedSegment {
  readonly entry: SegmentEntry;
  readonly leaf: number;
}

/**
 * What columns hold at most (bytes of UTF-8). Azure Monitor cuts a value at 64 KB and doesn't say of which 1,000 or 1,024 bytes; the
 * fields are shorter, because a control character takes six bytes in JSON and a whole row has to fit into one request.
 */
export const MAX_RAW_BYTES = 64_000;
export const MAX_VALUE_BYTES = 8192;
const MAX_OTHER_VALUES = 32;

const COLUMNS: Readonly<Record<Exclude<Field | Extra, 'time'>, string>> = {
  category: 'Category',
  operation: 'Operation',
  actor: 'Actor',
  target: 'Target',
  resource: 'Resource',
  result: 'Result',
  ip: 'Ip',
  correlation: 'Correlation',
};

/** rowOf makes the row of a record. `content` is the lines of its segment. The columns are those of infra/forwardColumns.json. */
export function rowOf(ledger: string, segment: PlacedSegment, content: Buffer, record: RecordLine): Row {
  const line = content.subarray(record.start, record.end);
  const { seal, leaf } = record;
  const cut: string[] = [];
  const fitting = (column: string, value: string): string => {
    const { text, isCut } = cutText(value, MAX_VALUE_BYTES);
    if (isCut && !cut.includes(column)) cut.push(column);
    return text;
  };
  const row: Record<string, string | number> = {
    ...placeOf(ledger, segment, seal.record),
    // The hub's time: whoever logs may write any time into a record, and would choose which queries see it.
    TimeGenerated: seal.enqueued,
    Enqueued: seal.enqueued,
    Kind: 'record',
    Form: seal.form ?? 'object',
    Event: seal.event,
    Leaf: leaf,
    RecordHash: formatHash(leafHash(line)),
    RawBytes: line.length,
  };
  const { shown, others, areAll } = valuesIn(line, seal.form);
  for (const [field, column] of Object.entries(COLUMNS)) {
    const value = shown[field as Field | Extra];
    if (value !== undefined) row[column] = fitting(column, value);
  }
  const time = eventTime(shown.time);
  if (time !== undefined) row['EventTime'] = time;
  // As text: a table of the plan Auxiliary has no columns of the type dynamic.
  if (Object.keys(others).length > 0) row['OtherValues'] = JSON.stringify(others);
  if (!areAll) cut.push('OtherValues');
  const raw = cutBytes(line, MAX_RAW_BYTES);
  row['Raw'] = raw.text;
  if (raw.isCut) cut.push('Raw');
  return { ...row, Cut: cut.join(' ') };
}

/** VALUES is the columns whose values are a record's own. */
const VALUES = [...Object.values(COLUMNS), 'EventTime', 'OtherValues', 'Raw'];

/** bareRow leaves of a row what leads to the proof, for a service that takes the whole one not. */
export function bareRow(row: Row): Row {
  const left = VALUES.filter((column) => column in row);
  const kept = Object.fromEntries(Object.entries(row).filter(([column]) => !left.includes(column)));
  return { ...kept, Cut: left.join(' ') };
}

/** lostRow stands for a record that the service takes not even bare: it has no value but its place. */
export function lostRow(row: Row, why: string): Row {
  const place = ['TimeGenerated', 'Origin', 'Partition', 'Record', 'Segment', 'Entry'];
  const kept = Object.fromEntries(Object.entries(row).filter(([column]) => place.includes(column)));
  return { ...kept, Kind: 'missing', Records: row['Records'] ?? 1, Reason: why };
}

/** probeRow is a row with all values that a record's may have, and nothing of a record: a service that rejects it is not set up for rows. */
export const probeRow = (ledger: string, now: string): Row => ({
  ...Object.fromEntries(VALUES.map((column) => [column, 'probe'])),
  TimeGenerated: now,
  EventTime: now,
  Enqueued: now,
  OtherValues: '{}',
  Kind: 'probe',
  Form: 'object',
  Origin: ledger,
  Partition: '',
  Record: 0,
  Event: 0,
  Segment: '',
  Entry: 0,
  Leaf: 0,
  RecordHash: '',
  RawBytes: 0,
  Cut: '',
});

/** missingRow stands for the records of a segment that can't be read: a search that should find them finds that they are not here. */
export function missingRow(ledger: string, segment: PlacedSegment, why: string): Row {
  const { time, records } = segment.entry;
  return {
    ...placeOf(ledger, segment, records.first),
    TimeGenerated: time.last,
    Enqueued: time.last,
    Kind: 'missing',
    Records: records.count,
    Reason: cutText(why, MAX_VALUE_BYTES).text,
  };
}

/**
 * beginRow says from where on a ledger's records are in the table: from an entry of the log on, or from a time (ISO 8601), which no entry
 * stands for. It is dated `now` (ISO 8601), because the service dates anew what is older than two days.
 */
export const beginRow = (ledger: string, from: number | { readonly time: string }, now: string): Row => ({
  TimeGenerated: now,
  Kind: 'begin',
  Origin: ledger,
  ...(typeof from === 'number' && { Entry: from }),
  Reason:
    typeof from === 'number'
      ? 'records of earlier entries of the log are not forwarded'
      : `records of events before ${from.time} are not forwarded, unless their segment has later ones`,
});

const placeOf = (ledger: string, { entry, leaf }: PlacedSegment, record: number): Row => ({
  Origin: ledger,
  Partition: entry.partition,
  Record: record,
  Segment: segmentName(entry.partition, entry.index),
  Entry: leaf,
});

interface FoundValues {
  readonly shown: ShownValues['values'];
  /** further values by field, as far as there is room */
  readonly others: Readonly<Record<string, readonly string[]>>;
  readonly areAll: boolean;
}

/** valuesIn gives what the rules take of a record. What a rule takes twice, or differs in case alone, stands once. */
function valuesIn(line: Buffer, form: RecordLine['seal']['form']): FoundValues {
  const shown = new ShownValues();
  const found = new Map<string, { readonly field: Field | Extra; readonly value: string }>();
  let [room, areAll] = [MAX_VALUE_BYTES, true];
  const isJson = readRecordFields(line, form, (field, value, rank) => {
    shown.take(field, value, rank);
    const key = `${field} ${fold(value)}`;
    if (field === 'time' || fold(value) === '' || found.has(key)) return;
    const bytes = Buffer.byteLength(JSON.stringify(value));
    areAll &&= bytes <= room && found.size < MAX_OTHER_VALUES;
    if (bytes > room || found.size >= MAX_OTHER_VALUES) return;
    room -= bytes;
    found.set(key, { field, value });
  });
  if (!isJson) return { shown: {}, others: {}, areAll: true };
  const { values } = shown;
  const others: Record<string, string[]> = {};
  for (const { field, value } of found.values())
    if (fold(values[field] ?? '') !== fold(value)) (others[field] ??= []).push(value);
  return { shown: values, others, areAll };
}

/** eventTime is when a record says that it happened, if a datetime can hold that: from year 1 to 9999. */
function eventTime(text: string | undefined): string | undefined {
  const time = parseEventTime(text ?? '');
  if (time === undefined) return undefined;
  const iso = new Date(time).toISOString();
  return /^(?!0000)\d{4}-/.test(iso) ? iso : undefined;
}

/** COLUMN_NAMES is every column that a row may have. */
export const COLUMN_NAMES: readonly string[] = [
  'TimeGenerated',
  'EventTime',
  'Enqueued',
  ...[...FIELDS, ...EXTRAS].flatMap((field) => (field === 'time' ? [] : [COLUMNS[field]])),
  'OtherValues',
  'Kind',
  'Form',
  'Origin',
  'Partition',
  'Record',
  'Records',
  'Event',
  'Segment',
  'Entry',
  'Leaf',
  'RecordHash',
  'Raw',
  'RawBytes',
  'Cut',
  'Reason',
];
