import { AuditsealError, faultIn } from '../core/errors.ts';
import { leafHash } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { parseSegmentName, segmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { readSegment } from '../core/segment/reader.ts';
import type { SegmentReading } from '../core/segment/reader.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import { openSegment } from '../core/signed/segmentFrame.ts';
import { readSignature } from '../ledger/objects.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface FoundRecord {
  readonly segment: string;
  /** number of the record's line among the segment's leaves; the header is 0 */
  readonly leaf: number;
  /** the line without its LF */
  readonly line: Buffer;
  readonly hash: Hash;
  readonly reading: SegmentReading;
}

/**
 * findRecord finds a record by its number in a partition's chain: it bisects over the segments' headers, so it reads
 * about log2 n of n segments. It gives undefined if the chain ends before. What nobody signed who is trusted, and faulty
 * segments on the way, are passed over, and added to `passed` with why. If the record may be in a segment in the archive tier, it throws
 * STORE_UNAVAILABLE.
 */
export async function findRecord(
  store: ObjectStore,
  certificates: Certificates,
  partition: string,
  record: number,
  passed: { readonly segment: string; readonly why: string }[] = [],
): Promise<FoundRecord | undefined> {
  const indices: number[] = [];
  for await (const { name } of store.list(`segments/${partition}/`)) {
    const place = parseSegmentName(name);
    if (place !== undefined) indices.push(place.index);
  }
  const archived: string[] = [];
  let low = 0;
  let high = indices.length - 1;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    // A faulty segment tells nothing: take the nearest readable one below.
    let at = middle;
    const look = (index: number): ReturnType<typeof readAt> =>
      readAt(store, certificates, { partition, index }, record, archived, passed);
    let found = await look(indices[at] as number);
    while (found === undefined && at > low) found = await look(indices[--at] as number);
    if (found === undefined) low = middle + 1;
    else {
      const { first, count } = found.reading.header.records;
      if (record < first) high = at - 1;
      else if (record >= first + count) low = middle + 1;
      else return found.line === undefined ? undefined : { ...found, line: found.line, hash: leafHash(found.line) };
    }
  }
  const [first] = archived;
  if (first !== undefined) throw new AuditsealError('STORE_UNAVAILABLE', `${first}: ${WHY_UNREAD.archived}`);
  return undefined;
}

/** readAt gives undefined for what isn't a segment; to `archived` it adds one that can't be read now. */
async function readAt(
  store: ObjectStore,
  certificates: Certificates,
  { partition, index }: SegmentPlace,
  record: number,
  archived: string[],
  passed: { readonly segment: string; readonly why: string }[],
): Promise<{ segment: string; leaf: number; line: Buffer | undefined; reading: SegmentReading } | undefined> {
  const segment = segmentName(partition, index);
  try {
    const stored = await store.read(segment);
    if (stored === 'archived') {
      const signed = await readSignature(store, segment, certificates);
      if (signed !== undefined && !('foreign' in signed)) archived.push(segment);
    }
    if (typeof stored !== 'object') return undefined;
    const { frames } = openSegment(stored, segment, certificates);
    let number: number | undefined;
    let found: Buffer | undefined;
    const reading = readSegment(frames, {
      visit: (bytes, start, end, { records }) => {
        number ??= records.first;
        if (number++ === record) found = Buffer.from(bytes.subarray(start, end));
      },
    });
    if (reading.header.partition !== partition || reading.header.index !== index) return undefined;
    const leaf = record - reading.header.records.first + 1;
    return { segment, leaf, line: found, reading };
  } catch (error) {
    passed.push({ segment, why: faultIn(error, 'malformed').message });
    return undefined;
  }
}
