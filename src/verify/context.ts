import { faultIn } from '../core/errors.ts';
import type { SummarizeSegment } from '../core/segment/summary.ts';
import type { DigestObjects } from '../ledger/digest.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles, TooLarge } from '../ports/store.ts';
import type { Findings } from './findings.ts';
import type { Progress, Tally } from './tally.ts';

/** VerifyDeps is what a check works with. */
export interface VerifyDeps {
  readonly store: ObjectStore;
  /** the log's tiles, if they are at hand */
  readonly tiles?: ReadableTiles;
  readonly now: Clock;
  /** re-computes a segment, in another thread as a rule */
  readonly summarize: SummarizeSegment;
  /** hashes stored bytes for a quick check, in other threads as a rule; left out: in this one */
  readonly digest?: DigestObjects;
  /** how many segments may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
  readonly onProgress?: (progress: Progress) => void;
  /** told the newest checkpoint that fits the log, as the bytes that were checked: who keeps it must not read it again */
  readonly onNewest?: (note: Buffer) => void;
}

/** Context is what the parts of one check share. */
export interface Context extends VerifyDeps {
  readonly findings: Findings;
  readonly tally: Tally;
  readonly ledger: KnownLedger;
}

/** KnownLedger is the ledger that all objects have to be of: told from outside, or by the first one. */
export interface KnownLedger {
  name: string | undefined;
}

/** Read is what reading an object gave, where a fault of the store doesn't end the check. */
export type Read = Buffer | TooLarge | 'unreadable' | undefined;

/** readFor reads an object for a check, and notes what can't be read; `object` is what the report calls it. */
export async function readFor(
  { tally }: Pick<Context, 'tally'>,
  store: Pick<ObjectStore, 'read'>,
  name: string,
  object = name,
): Promise<Read> {
  try {
    return await store.read(name);
  } catch (error) {
    tally.addUnreadable(object, faultIn(error).message);
    return 'unreadable';
  }
}
