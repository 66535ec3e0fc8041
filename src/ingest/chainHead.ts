import { AuditsealError, named } from '../core/errors.ts';
import { MAX_INDEX, parseSegmentName, segmentName } from '../core/objects/names.ts';
import { NO_CHAIN, headOf } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { findEnd } from '../ledger/dense.ts';
import { readSignature, readStatement } from '../ledger/objects.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface ChainHeadDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Logger;
  /** whose segments count */
  readonly certificates: Certificates;
}

/** So many objects before one of a session whose certificate is over are looked at, to find one that was sealed later. */
const MAX_LOOK_BACK = 256;

/**
 * findChainHead finds a partition's head, asking which names exist from `from` on: behind the newest segment that a certified
 * session signed, the least index whose name is free. What else has taken a name is logged as foreign and passed over; so is
 * what is sealed before a segment that precedes it, which a session that was stolen long ago can sign. It throws
 * VERSION_UNKNOWN where a later release writes the partition, and FORK_DETECTED where no index is left.
 */
export async function findChainHead(
  { store, now, log, certificates }: ChainHeadDeps,
  partition: string,
  from = 0,
): Promise<ChainHead> {
  const name = (index: number): string => segmentName(partition, index);
  const open = async (index: number): Promise<SignedStatement | 'foreign' | undefined> => {
    const read = await readNamed(store, name(index), certificates);
    if (read === undefined || !('foreign' in read)) return read;
    log.error('foreign object in the place of a segment', { object: name(index), why: read.foreign });
    return 'foreign';
  };
  const isTaken = (index: number): Promise<boolean> => store.exists(name(index));
  const { newest, free, hasHoles } = await findEnd(
    { isTaken, list: (least) => list(store, partition, least), open },
    from,
  );
  if (hasHoles) log.error('names of segments are not dense', { partition, firstFree: free });
  if (newest === undefined) return { ...NO_CHAIN, index: free };
  if (free > MAX_INDEX)
    throw new AuditsealError('FORK_DETECTED', `${name(newest.number)} is signed, and has the last index`);
  const { number, opened } = await latestOf(newest, (index) => readSignature(store, name(index), certificates), now());
  for (let index = newest.number; index > number; index--)
    log.error('foreign object in the place of a segment', {
      object: name(index),
      why: 'it is sealed before one before it',
    });
  return headOf(opened, number, free);
}

interface Signed {
  readonly number: number;
  readonly opened: SignedStatement;
}

/**
 * latestOf gives the segment that was sealed last, the newest as a rule: along a chain that never falls. Who stole a session's key
 * can put one behind it for ever, but only of a time when its certificate held. So if that is over, those before are looked at,
 * up to one of a session that may still sign.
 */
async function latestOf(
  newest: Signed,
  read: (index: number) => ReturnType<typeof readSignature>,
  now: number,
): Promise<Signed> {
  const isOver = ({ opened }: Signed): boolean => Date.parse(opened.until) < now;
  let latest = newest;
  let last = newest;
  for (let number = newest.number - 1; isOver(last) && number >= Math.max(newest.number - MAX_LOOK_BACK, 0); number--) {
    const opened = await read(number);
    if (opened === undefined || 'foreign' in opened) continue;
    last = { number, opened };
    if (opened.sealed > latest.opened.sealed) latest = last;
  }
  return latest;
}

async function readNamed(
  store: ObjectStore,
  name: string,
  certificates: Certificates,
): ReturnType<typeof readStatement> {
  try {
    return await readStatement(store, name, certificates);
  } catch (error) {
    return named(name, () => {
      throw error instanceof AuditsealError && error.code === 'VERSION_UNKNOWN'
        ? new AuditsealError(error.code, `${error.message}; a newer release writes this ledger`)
        : error;
    });
  }
}

async function* list(store: ObjectStore, partition: string, least: number): AsyncGenerator<number> {
  for await (const { name } of store.list(`segments/${partition}/`, segmentName(partition, least))) {
    const index = parseSegmentName(name)?.index;
    if (index !== undefined) yield index;
  }
}
