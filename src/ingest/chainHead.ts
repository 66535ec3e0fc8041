import { StoredChain } from './storedChain.ts';
import { AuditsealError } from '../core/errors.ts';
import { MAX_INDEX, segmentName } from '../core/objects/names.ts';
import { NO_CHAIN, headOf } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { findEnd, firstFree } from '../ledger/dense.ts';
import { indicesFrom } from '../ledger/partitions.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface ChainHeadDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Logger;
  /** whose segments count */
  readonly certificates: Certificates;
}

/**
 * findChainHead finds a partition's head, asking which names exist from `from` on: behind the newest segment of the chain, the least
 * index whose name is free. What else has taken a name is logged as foreign and passed over. It throws VERSION_UNKNOWN where a later
 * release writes the partition, and FORK_DETECTED where no index is left.
 */
export async function findChainHead(
  { store, now, log, certificates }: ChainHeadDeps,
  partition: string,
  from = 0,
): Promise<ChainHead> {
  const chain = new StoredChain(store, partition, certificates, now());
  let lone: Signed | undefined;
  const open = async (index: number): Promise<SignedStatement | 'foreign' | undefined> => {
    const read = await chain.segment(index);
    if (read === undefined) return undefined;
    if ('statement' in read && read.isLone !== true) return read.statement;
    if ('statement' in read && (lone === undefined || index > lone.number))
      lone = { number: index, opened: read.statement };
    const why = 'foreign' in read ? read.foreign : 'it goes on from nothing that is there';
    log.error('foreign object in the place of a segment', { object: segmentName(partition, index), why });
    return 'foreign';
  };
  const isTaken = (index: number): Promise<boolean> => store.exists(segmentName(partition, index));
  const sequence = { isTaken, list: (least: number) => indicesFrom(store, partition, least), open };
  const end = await findEnd(sequence, from);
  const { newest = lone, hasHoles } = end;
  if (hasHoles) log.error('names of segments are not dense', { partition, firstFree: end.free });
  if (newest === undefined) return { ...NO_CHAIN, index: end.free };
  const free = newest === lone ? await firstFree(isTaken, lone.number + 1) : end.free;
  if (free > MAX_INDEX)
    throw new AuditsealError(
      'FORK_DETECTED',
      `${segmentName(partition, newest.number)} is signed, and has the last index`,
    );
  return headOf(newest.opened, newest.number, free);
}

interface Signed {
  readonly number: number;
  readonly opened: SignedStatement;
}
