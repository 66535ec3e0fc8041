import { AuditsealError, named } from '../core/errors.ts';
import { parseSegmentName, segmentName } from '../core/objects/names.ts';
import { NO_CHAIN, headOf } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { findEnd } from '../ledger/dense.ts';
import { readStatement } from '../ledger/objects.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface ChainHeadDeps {
  readonly store: ObjectStore;
  readonly log: Logger;
  /** whose segments count */
  readonly certificates: Certificates;
}

/**
 * findChainHead finds a partition's head, asking which names exist from `from` on: behind the newest segment that a certified
 * session signed, the least index whose name is free. What else has taken a name is logged as foreign and passed over. It
 * throws VERSION_UNKNOWN where a later release writes the partition.
 */
export async function findChainHead(
  { store, log, certificates }: ChainHeadDeps,
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
  return newest === undefined ? { ...NO_CHAIN, index: free } : headOf(newest.opened, newest.number, free);
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
