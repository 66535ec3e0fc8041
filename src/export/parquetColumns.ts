import { isUtf8 } from 'node:buffer';
import type { SchemaElement } from 'hyparquet';
import { parseEventTime } from '../core/fields/eventTime.ts';
import { FIELDS } from '../core/fields/rule.ts';
import { recordHashOf } from '../find/hit.ts';
import type { Hit, Raw } from '../find/hit.ts';

/** Cell is a value of a row; undefined is null. Numbers of 64 bits are bigint. */
export type Cell = string | number | bigint | Uint8Array | undefined;

/** ParquetColumn is a column: its type, and where its value comes from. docs/operations.md, Export. */
export interface ParquetColumn {
  readonly element: SchemaElement;
  /** in most rows another value than in all others: neither a dictionary nor the least and the greatest value helps */
  readonly isUnique: boolean;
  readonly cellOf: (hit: Hit, raw: Raw) => Cell;
}

type CellOf = ParquetColumn['cellOf'];

const STRING = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;
const TIMESTAMP = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
} as const;

type Type = Omit<SchemaElement, 'name' | 'repetition_type'>;

const always = (name: string, type: Type, cellOf: CellOf, isUnique = false): ParquetColumn => ({
  element: { name, ...type, repetition_type: 'REQUIRED' },
  isUnique,
  cellOf,
});
const maybe = (name: string, type: Type, cellOf: CellOf, isUnique = false): ParquetColumn => ({
  element: { name, ...type, repetition_type: 'OPTIONAL' },
  isUnique,
  cellOf,
});

const millis = (time: number | undefined): bigint | undefined => (time === undefined ? undefined : BigInt(time));

/** PARQUET_COLUMNS is the columns of an export, in their order. */
export const PARQUET_COLUMNS: readonly ParquetColumn[] = [
  always('partition', { type: 'INT32' }, ({ partition }) => Number(partition)),
  always('record', { type: 'INT64' }, ({ record }) => BigInt(record)),
  always('segment', STRING, ({ segment }) => segment),
  always('leaf', { type: 'INT32' }, ({ leaf }) => leaf),
  maybe('entry', { type: 'INT64' }, ({ entry }) => (entry === undefined ? undefined : BigInt(entry))),
  always('hash', STRING, recordHashOf, true),
  always('enqueued', TIMESTAMP, ({ enqueued }) => BigInt(Date.parse(enqueued))),
  maybe('time', TIMESTAMP, ({ values }) => millis(parseEventTime(values.time ?? ''))),
  maybe('time_text', STRING, ({ values }) => values.time),
  ...FIELDS.map((field) => maybe(field, STRING, ({ values }) => values[field])),
  maybe('correlation', STRING, ({ values }) => values.correlation),
  always('form', STRING, (_hit, { form }) => form),
  maybe('raw', STRING, (_hit, { bytes }) => (isUtf8(bytes) ? bytes : undefined), true),
  maybe('raw_bytes', { type: 'BYTE_ARRAY' }, (_hit, { bytes }) => (isUtf8(bytes) ? undefined : bytes), true),
];
