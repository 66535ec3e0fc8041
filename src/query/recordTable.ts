import { isUtf8 } from 'node:buffer';
import { jsonFaultIn } from './jsonReading.ts';
import type { JsonFault } from './jsonReading.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import { fold } from '../core/fields/fold.ts';
import { EXTRAS, FIELDS } from '../core/fields/rule.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { leafHash } from '../core/hash.ts';
import { rawOf } from '../find/hit.ts';
import type { Hit } from '../find/hit.ts';
import type { SqlCell, SqlTable } from '../ports/sqlEngine.ts';

/** Unread is why the column `json` says nothing of a record, or something that another reader may not read so. */
export type Unread = 'not UTF-8' | 'not JSON' | JsonFault;

/** KEEPS_JSON are the faults with which a record has its `json` all the same: the text is whole, and one of its numbers is read rounded. */
export const KEEPS_JSON: ReadonlySet<Unread> = new Set(['rounded number']);

type Name = Field | Extra;
const NAMES: readonly Name[] = [...EXTRAS, ...FIELDS];

/** The columns that hold all values of a field: their names are the plurals. */
const PLURALS: Readonly<Record<Name, string>> = {
  time: 'times',
  correlation: 'correlations',
  category: 'categories',
  operation: 'operations',
  actor: 'actors',
  target: 'targets',
  resource: 'resources',
  result: 'results',
  ip: 'ips',
};

/** The text of `time` as the record has it. */
const TIME_TEXT = 'time_text';
/** The values of fields that have several, as a JSON object of lists. */
const SEVERAL = 'several';
/** What isn't in `json` already. */
const TEXT = 'text';

const column = (name: string, from = `"${name}"`): { readonly name: string; readonly from: string } => ({ name, from });

/** pluralOf gives the values of a field as a list: most records have one at most, and that isn't kept twice. */
function pluralOf(name: Name): { readonly name: string; readonly from: string } {
  const first = name === 'time' ? TIME_TEXT : `"${name}"`;
  const one = `case when ${first} is null then [] else [${first}] end`;
  return column(PLURALS[name], `coalesce(cast(${SEVERAL}->'$.${name}' as varchar[]), ${one})`);
}

/** RECORDS is the table that statements read: a row for each record, in the order in which they are read. */
export const RECORDS: SqlTable = {
  name: 'records',
  columns: [
    { name: 'partition', type: 'INTEGER' },
    { name: 'record', type: 'BIGINT' },
    { name: 'segment', type: 'VARCHAR' },
    { name: 'leaf', type: 'INTEGER' },
    { name: 'entry', type: 'BIGINT' },
    { name: 'hash', type: 'BLOB' },
    { name: 'enqueued', type: 'TIMESTAMPTZ' },
    { name: 'form', type: 'VARCHAR' },
    { name: 'time', type: 'TIMESTAMPTZ' },
    { name: 'correlation', type: 'VARCHAR' },
    ...FIELDS.map((name) => ({ name, type: 'VARCHAR' }) as const),
    { name: TIME_TEXT, type: 'VARCHAR' },
    { name: SEVERAL, type: 'JSON' },
    { name: 'json', type: 'JSON' },
    { name: 'why', type: 'VARCHAR' },
    { name: TEXT, type: 'VARCHAR' },
    { name: 'raw_bytes', type: 'BLOB' },
  ],
  view: [
    ...['partition', 'record', 'segment', 'leaf', 'entry'].map((name) => column(name)),
    column('hash', 'lower(hex("hash"))'),
    ...['enqueued', 'form', 'time', ...FIELDS, 'correlation'].map((name) => column(name)),
    ...NAMES.map(pluralOf),
    column('json'),
    column('why'),
    column('raw', `coalesce(cast("json" as varchar), ${TEXT})`),
    column('raw_bytes'),
  ],
};

/** RecordRow is the row of a record, and why its JSON isn't read, if that is so. */
export interface RecordRow {
  readonly cells: readonly SqlCell[];
  readonly why: Unread | undefined;
}

/** recordRow makes the row of a record that was found, and whose values were kept. */
export function recordRow(hit: Hit): RecordRow {
  const { partition, record, segment, leaf, entry, enqueued, values, line } = hit;
  const { form, bytes } = rawOf(hit);
  const isJson = form === 'object' || form === 'value';
  const why = !isUtf8(bytes) ? 'not UTF-8' : isJson ? jsonFaultIn(bytes) : 'not JSON';
  const text = why === 'not UTF-8' ? null : bytes.toString('utf8');
  const hasJson = why === undefined || KEEPS_JSON.has(why);
  const time = values.time ?? null;
  const cells: SqlCell[] = [
    Number(partition),
    record,
    segment,
    leaf,
    entry ?? null,
    Buffer.from(leafHash(line), 'latin1'),
    Date.parse(enqueued),
    form,
    time === null ? null : (parseEventTime(time) ?? null),
    values.correlation ?? null,
    ...FIELDS.map((name) => values[name] ?? null),
    time,
    severalOf(hit),
    hasJson ? text : null,
    why ?? null,
    hasJson ? null : text,
    text === null ? bytes : null,
  ];
  return { cells, why };
}

/** severalOf gives the values of the fields that have more than the one that is shown, as JSON; null where none has. */
function severalOf({ taken = [] }: Hit): string | null {
  const all = new Map<Name, Set<string> | string>();
  for (const { field, value } of taken) {
    const known = all.get(field);
    if (known === undefined) all.set(field, value);
    else if (typeof known === 'object') known.add(value);
    else if (known !== value) all.set(field, new Set([known, value]));
  }
  const several: [Name, string[]][] = [];
  for (const [name, values] of all) {
    if (typeof values === 'string') continue;
    const list = [...values].filter((value) => fold(value) !== '');
    if (list.length > 1) several.push([name, list]);
  }
  return several.length === 0 ? null : JSON.stringify(Object.fromEntries(several));
}
