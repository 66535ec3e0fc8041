import { fromTheFirst } from './batches.ts';
import { readLog } from './entries.ts';
import { IntervalOfLog } from './interval.ts';
import { listLog, mirrorObjects } from './mirror.ts';
import type { CopiedObject, MirrorFolder, MirrorOptions, MirrorResult } from './mirror.ts';
import { attempt } from '../core/errors.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import { isKnownName, segmentName } from '../core/objects/names.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';
import type { Trust } from '../core/signed/certificate.ts';
import type { ObjectInfo, ObjectStore } from '../ports/store.ts';

/** MirroredSlice is what came of a copy of a slice. */
export interface MirroredSlice extends MirrorResult {
  /** entries of the log that the copy has, and how many of them are of segments, and of those of the slice */
  entries: number;
  segmentsInLog: number;
  segments: number;
}

/** ledgerOfLog gives the name of the ledger whose log a store has; undefined where none begins that counts. It throws as readBatches does. */
export async function ledgerOfLog(store: ObjectStore, trust: Trust): Promise<string | undefined> {
  for await (const { heads } of readLog(store, trust, fromTheFirst())) {
    const [key] = heads.keys;
    return key && attempt(() => parseVerifierKey(key).keyName, 'malformed');
  }
  return undefined;
}

/**
 * mirrorSlice copies the log whole, with actions, and then of the segments those alone that the log as it is copied puts into an interval.
 * So what is copied is whole by its own log, whatever is sealed meanwhile. Otherwise it does what mirrorLedger does: what can't be copied
 * of the log keeps no segment back, since anybody who may create objects can put something there that nobody can copy.
 */
export async function mirrorSlice(
  from: ObjectStore,
  to: MirrorFolder,
  interval: LedgerInterval,
  { trust, ...options }: MirrorOptions & { readonly trust: Trust },
): Promise<MirroredSlice> {
  const ofLog = async function* (): AsyncGenerator<ObjectInfo> {
    for await (const object of listLog(from)) if (isKnownName(object.name)) yield object;
  };
  const log = await mirrorObjects(from, to, ofLog, options);
  const counts = { entries: 0, segmentsInLog: 0, segments: 0 };
  if (log.isStopped === true) return { ...log, ...counts };
  const segments: CopiedObject[] = [];
  const selection = new IntervalOfLog(interval);
  for await (const batch of readLog(to, trust, fromTheFirst())) {
    counts.entries = batch.size;
    for (const { entry } of batch.segments) {
      counts.segmentsInLog += 1;
      const { partition, index, size, sha256 } = entry;
      if (selection.takes(entry)) segments.push({ name: segmentName(partition, index), size, sha256 });
    }
  }
  counts.segments = segments.length;
  const onProgress = options.onProgress && ((done: Readonly<MirrorResult>) => options.onProgress?.(sumOf(log, done)));
  const copied = await mirrorObjects(
    from,
    to,
    async function* () {
      yield* segments;
    },
    { ...options, ...(onProgress && { onProgress }) },
  );
  return { ...sumOf(log, copied), ...counts };
}

const sumOf = (one: Readonly<MirrorResult>, other: Readonly<MirrorResult>): MirrorResult => ({
  ...((one.isStopped ?? other.isStopped) === true && { isStopped: true }),
  copied: one.copied + other.copied,
  copiedBytes: one.copiedBytes + other.copiedBytes,
  present: one.present + other.present,
  failed: [...one.failed, ...other.failed],
});

/**
 * lackedObject gives the first object that a slice may leave out, has an entry in the log and is not there: a segment, a report, or what
 * the log calls foreign in the place of a segment. It gives undefined if there is none, or no log that counts.
 */
export async function lackedObject(store: ObjectStore, trust: Trust): Promise<string | undefined> {
  for await (const { segments, others } of readLog(store, trust, fromTheFirst()))
    for (const name of [...segments.map(({ entry }) => segmentName(entry.partition, entry.index)), ...others])
      if (!(await store.exists(name))) return name;
  return undefined;
}
