import { faultIn } from '../core/errors.ts';
import type { IndexStoredSegment } from '../core/index/terms.ts';
import type { RehashedSegment } from '../core/objects/rehashed.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import type { SummarizeSegment } from '../core/segment/summary.ts';
import type { Trust } from '../core/signed/certificate.ts';
import type { DigestObjects } from '../ledger/digest.ts';
import type { SummarizeFile } from '../ledger/objects.ts';
import type { Clock } from '../ports/host.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { IgnoredFile, ObjectStore, ReadableTiles, Unread } from '../ports/store.ts';
import type { ClockCheck } from './clockCheck.ts';
import type { Findings } from './findings.ts';
import type { Ignored } from './ignored.ts';
import type { Progress, Tally } from './tally.ts';

/** VerifyDeps is what a check works with. */
export interface VerifyDeps {
  readonly store: ObjectStore;
  /** the files that are no objects, where the store is a mirror's folder */
  readonly ignoredFiles?: () => AsyncIterable<IgnoredFile>;
  /** the log's tiles, if they are at hand */
  readonly tiles?: ReadableTiles;
  readonly now: Clock;
  /** re-computes a segment, in another thread as a rule */
  readonly summarize: SummarizeSegment;
  /** reads and re-computes a segment in another thread, where the store is a mirror's folder; left out: the store is read */
  readonly summarizeFile?: SummarizeFile;
  /** gives the terms of a segment, in another thread as a rule; left out: the index is not made again */
  readonly indexSegment?: IndexStoredSegment;
  /** hashes stored bytes for a quick check, in other threads as a rule; left out: in this one */
  readonly digest?: DigestObjects;
  /** how many segments may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
  /** how many may where they are small: as many as InFlight lets; left out, no more. For a store that is far away */
  readonly requests?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** told the newest checkpoint that fits the log, as the bytes that were checked: who keeps it must not read it again */
  readonly onNewest?: (note: Buffer) => void;
}

/** RehashedSegments is segments that were re-hashed before, slice by slice, and are taken as what they were then. */
export interface RehashedSegments {
  /** how many slices there were */
  readonly slices: number;
  /** when the first segment of the first one was asked for (ISO 8601) */
  readonly first: string;
  find(partition: string, index: number): Promise<RehashedSegment | undefined>;
  /** findAhead is find before the segment is asked for; 'later': it is too early to look */
  findAhead(partition: string, index: number): Promise<RehashedSegment | 'later' | undefined>;
}

/** Context is what the parts of one check share. */
export interface Context extends VerifyDeps {
  /** what a full check needn't read again */
  readonly rehashed?: RehashedSegments;
  readonly findings: Findings;
  readonly ignored: Ignored;
  readonly tally: Tally;
  readonly clock: ClockCheck;
  readonly ledger: KnownLedger;
  /** whose reports count; left out: anybody's */
  readonly auditors?: Auditors;
}

/** KnownLedger is the ledger that all objects have to be of, and the keys that certify whoever signs them. */
export interface KnownLedger {
  /** told from outside, or by the first object that counts */
  name: string | undefined;
  /**
   * those that the log has announced so far, as formatVerifierKey prints them; before there is a log those that were given;
   * undefined without any: then nobody's signature of a certificate is looked at
   */
  keys: readonly string[] | undefined;
  /** where no batch counts by the keys that were given: those that the first which has the name of one announces, a claim */
  claimed?: readonly string[];
}

/** trustOf is whose certificates count just now. */
export const trustOf = ({ name, keys }: KnownLedger): Trust => ({
  ...(name !== undefined && { ledger: name }),
  ...(keys !== undefined && { keys }),
});

/** trustKeys says which keys certify from here on. Those that were trusted already stay the same list. */
export function trustKeys(ledger: KnownLedger, keys: readonly string[]): void {
  if (ledger.keys?.join() !== keys.join()) ledger.keys = keys;
}

/** Read is what reading an object gave, where what can't be read doesn't end the check. */
export type Read = Buffer | NeverRead | 'unreadable' | undefined;

/** NeverRead is the answer instead of bytes that are never to be read: no object of a ledger is so. */
export type NeverRead = Exclude<Unread, 'archived'>;

/** readFor reads an object for a check, and notes what can't be read; `object` is what the report calls it. */
export async function readFor(
  { tally }: Pick<Context, 'tally'>,
  store: Pick<ObjectStore, 'read'>,
  name: string,
  object = name,
): Promise<Read> {
  try {
    const read = await store.read(name);
    if (read !== 'archived') return read;
    tally.addUnreadable(object, WHY_UNREAD[read]);
  } catch (error) {
    tally.addUnreadable(object, faultIn(error).message);
  }
  return 'unreadable';
}
