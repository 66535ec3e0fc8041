import { rowOf } from './rows.ts';
import type { PlacedSegment } from './rows.ts';
import { release } from '../core/bytes.ts';
import { faultIn } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import { visitRecords } from '../core/segment/lines.ts';
import type { RecordLine } from '../core/segment/lines.ts';
import { openEntered } from '../core/signed/enteredSegment.ts';
import type { Row } from '../ports/forward.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

/** ReadSegment is a segment of the log, and what is stored under its name. */
export interface ReadSegment extends PlacedSegment {
  readonly stored: Buffer | Unread | undefined;
}

/** readSegment reads what is stored under the name of a segment. It throws what the store throws. */
export const readSegment = async (
  store: Pick<ObjectStore, 'read'>,
  { entry, leaf }: PlacedSegment,
): Promise<ReadSegment> => ({ entry, leaf, stored: await store.read(segmentName(entry.partition, entry.index)) });

/** OpenedSegment is the rows of a segment, in the order of its records; each is made when it is asked for. */
export interface OpenedSegment {
  readonly rows: Iterable<Row>;
  /** close gives back the memory of its lines. */
  close(): void;
}

/**
 * openRows opens a segment whose bytes are those that the log states, behind the first `skip` of its records, or says why there are no rows
 * of it.
 */
export function openRows(ledger: string, segment: ReadSegment, skip: number): OpenedSegment | string {
  const { entry, stored } = segment;
  if (typeof stored !== 'object') return stored === undefined ? 'it is gone' : WHY_UNREAD[stored];
  let content: Buffer;
  const records: RecordLine[] = [];
  try {
    const name = segmentName(entry.partition, entry.index);
    content = openEntered(stored, { name, sha256: entry.sha256 });
    visitRecords(content, (record) => records.push(record));
  } catch (error) {
    return faultIn(error, 'malformed').message;
  }
  const { first, count } = entry.records;
  if (records.length !== count || records.some(({ seal }, i) => seal.record !== first + i))
    return 'its records are not those that its entry in the log says';
  const rows = function* (): Generator<Row> {
    for (const record of records.slice(skip)) yield rowOf(ledger, segment, content, record);
  };
  return { rows: rows(), close: () => release(content) };
}
