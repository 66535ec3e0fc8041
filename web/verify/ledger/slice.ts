/** What a folder says that it is a slice of. docs/format.md, sections 2.3 and 10.7. */
import { decodeUtf8 } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import { isPartition } from './names.ts';

/** Interval is times, from one on and before another, and partitions; null stands for all. */
export interface Interval {
  readonly from: string;
  readonly to: string;
  readonly partitions: readonly string[] | null;
}

/** Slice is what a folder claims. */
export interface Slice extends Interval {
  readonly ledger: string;
}

/** SLICE is the name of the file that says it. */
export const SLICE = 'slice.json';

const MAX_BYTES = 65_536;
const MAX_NAME = 1000;

/** parseSlice gives what the file says, and undefined for bytes that are no such file of version 1. */
function parseSlice(bytes: Uint8Array): Slice | undefined {
  const text = bytes.length > MAX_BYTES ? undefined : decodeUtf8(bytes);
  const it = text === undefined ? undefined : parseJson(text);
  if (!isObject(it)) return undefined;
  const { ledger, from, to, partitions, entries, made } = it;
  if (typeof ledger !== 'string' || ledger.length > MAX_NAME || !/^[^+\p{White_Space}\0-\x1f]+$/u.test(ledger))
    return undefined;
  if (!isTime(from) || !isTime(to) || !isTime(made) || from >= to || !isSet(partitions)) return undefined;
  if (!Number.isSafeInteger(entries) || (entries as number) < 0) return undefined;
  const printed = JSON.stringify({ version: 1, kind: 'slice', ledger, from, to, partitions, entries, made });
  return `${printed}\n` === text ? { ledger, from, to, partitions } : undefined;
}

/** isSet tells whether a value is ids of partitions in order of number, one at least, or null for all. */
const isSet = (value: unknown): value is readonly string[] | null =>
  value === null ||
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (id: unknown, at) =>
        typeof id === 'string' && isPartition(id) && (at === 0 || Number(id) > Number(value[at - 1])),
    ));

/** asks tells whether an interval has a partition. */
export const asks = ({ partitions }: Interval, partition: string): boolean => partitions?.includes(partition) ?? true;

/** isSameInterval tells whether two intervals are one. */
export const isSameInterval = (one: Interval, other: Interval): boolean =>
  one.from === other.from && one.to === other.to && String(one.partitions) === String(other.partitions);

/** holds tells whether an interval has all that another one has. */
export const holds = (wide: Interval, narrow: Interval): boolean =>
  wide.from <= narrow.from &&
  narrow.to <= wide.to &&
  (wide.partitions === null || (narrow.partitions?.every((id) => asks(wide, id)) ?? false));

/** readSlice reads a file as one that says what slice a folder is; undefined if it isn't one, or can't be read. */
export async function readSlice(file: {
  readonly size: number;
  read(): Promise<Uint8Array>;
}): Promise<Slice | undefined> {
  if (file.size > MAX_BYTES) return undefined;
  const bytes = await file.read().catch(() => new Uint8Array());
  return parseSlice(bytes);
}
