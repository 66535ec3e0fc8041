/** What a folder that holds a slice of a ledger says of itself. docs/format.md, section 2.3. */
import { AuditsealError } from '../errors.ts';
import { parseJsonObject } from '../jsonObject.ts';
import { isKeyName } from '../note/verifierKey.ts';
import { decodeText, isPartition, isTime } from '../text.ts';

/** LedgerInterval is an interval of a ledger: times (ISO 8601 UTC) from one on and before another, of partitions. */
export interface LedgerInterval {
  readonly from: string;
  readonly to: string;
  /** ids in ascending order of number; null for all */
  readonly partitions: readonly string[] | null;
}

/** Slice is what a folder claims to be: whoever wrote it says so, and no check goes by it. */
export interface Slice extends LedgerInterval {
  /** the ledger's name */
  readonly ledger: string;
  /** entries of the log that was copied */
  readonly entries: number;
  /** when it was made, by the clock of who made it */
  readonly made: string;
}

/** SLICE_FILE is the name of the file in a slice's folder that says what it is. */
export const SLICE_FILE = 'slice.json';

/** MAX_SLICE_BYTES bounds that file. */
export const MAX_SLICE_BYTES = 65_536;

const MAX_LEDGER_LENGTH = 1000;

const malformed = (why: string): AuditsealError => new AuditsealError('EVIDENCE_MALFORMED', why);

/** formatSlice prints what a slice is. It throws EVIDENCE_MALFORMED for more partitions than there is room for. */
export function formatSlice({ ledger, from, to, partitions, entries, made }: Slice): Buffer {
  const slice = { version: 1, kind: 'slice', ledger, from, to, partitions, entries, made };
  const bytes = Buffer.from(`${JSON.stringify(slice)}\n`);
  if (bytes.length > MAX_SLICE_BYTES)
    throw malformed(`a slice names no more partitions than ${MAX_SLICE_BYTES} bytes hold`);
  return bytes;
}

/** parseSlice is the inverse of formatSlice. It throws EVIDENCE_MALFORMED, and VERSION_UNKNOWN for what a later release wrote. */
export function parseSlice(bytes: Buffer): Slice {
  if (bytes.length > MAX_SLICE_BYTES) throw malformed(`it has more than ${MAX_SLICE_BYTES} bytes`);
  const it = parseJsonObject(decodeText(bytes) ?? '');
  if (it === undefined || it['kind'] !== 'slice') throw malformed('it is not one line of JSON with "kind":"slice"');
  if (it['version'] !== 1) throw new AuditsealError('VERSION_UNKNOWN', 'it is of another version than 1');
  const { ledger, from, to, partitions, entries, made } = it;
  if (typeof ledger !== 'string' || ledger.length > MAX_LEDGER_LENGTH || !isKeyName(ledger))
    throw malformed('it names no ledger');
  if (!isTimeOf(from) || !isTimeOf(to) || from >= to) throw malformed('it has no interval');
  if (!isAscending(partitions)) throw malformed('its partitions are not ids in ascending order');
  if (!Number.isSafeInteger(entries) || (entries as number) < 0) throw malformed('it has no number of entries');
  if (!isTimeOf(made)) throw malformed('it does not say when it was made');
  const slice = { ledger, from, to, partitions, entries: entries as number, made };
  if (!formatSlice(slice).equals(bytes)) throw malformed('it is not printed as slices are');
  return slice;
}

const isTimeOf = (value: unknown): value is string => typeof value === 'string' && isTime(value);

const isAscending = (value: unknown): value is readonly string[] | null =>
  value === null ||
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (id: unknown, i) => typeof id === 'string' && isPartition(id) && Number(id) > Number(value[i - 1] ?? -1),
    ));

/** isPartitionOf tells whether a partition is one of an interval's. */
export const isPartitionOf = ({ partitions }: Pick<LedgerInterval, 'partitions'>, partition: string): boolean =>
  partitions === null || partitions.includes(partition);

/** isOutsideOf tells whether a segment's entry is of another partition or time than a slice; never where there is none. */
export const isOutsideOf = (
  slice: LedgerInterval | undefined,
  { partition, time }: { readonly partition: string; readonly time: { readonly first: string; readonly last: string } },
): boolean =>
  slice !== undefined && (!isPartitionOf(slice, partition) || time.last < slice.from || time.first >= slice.to);

/** contains tells whether an interval is as wide as another one in every way. */
export const contains = (wide: LedgerInterval, narrow: LedgerInterval): boolean =>
  wide.from <= narrow.from &&
  wide.to >= narrow.to &&
  (wide.partitions === null ||
    (narrow.partitions !== null && narrow.partitions.every((id) => isPartitionOf(wide, id))));
