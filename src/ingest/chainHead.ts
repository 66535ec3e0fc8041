import { AuditsealError, named } from '../core/errors.ts';
import { MAX_INDEX, parseSegmentName, segmentName } from '../core/objects/names.ts';
import { NO_CHAIN, headOf } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { findEnd } from '../ledger/dense.ts';
import { readSegment, readSignature } from '../ledger/objects.ts';
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
 * session signed and that goes on from the one that it names, the least index whose name is free. What else has taken a name is
 * logged as foreign and passed over; so is what is sealed before a segment that precedes it, which a session that was stolen long
 * ago can sign. It throws VERSION_UNKNOWN where a later release writes the partition, and FORK_DETECTED where no index is left.
 */
export async function findChainHead(
  { store, now, log, certificates }: ChainHeadDeps,
  partition: string,
  from = 0,
): Promise<ChainHead> {
  const chain = new StoredChain(store, partition, certificates);
  const foreign = (index: number, why: string): void =>
    log.error('foreign object in the place of a segment', { object: segmentName(partition, index), why });
  const open = async (index: number): Promise<SignedStatement | 'foreign' | undefined> => {
    const read = await chain.segment(index);
    if (read === undefined || !('foreign' in read)) return read?.statement;
    foreign(index, read.foreign);
    return 'foreign';
  };
  const isTaken = (index: number): Promise<boolean> => store.exists(segmentName(partition, index));
  const { newest, free, hasHoles } = await findEnd(
    { isTaken, list: (least) => list(store, partition, least), open },
    from,
  );
  if (hasHoles) log.error('names of segments are not dense', { partition, firstFree: free });
  if (newest === undefined) return { ...NO_CHAIN, index: free };
  if (free > MAX_INDEX)
    throw new AuditsealError(
      'FORK_DETECTED',
      `${segmentName(partition, newest.number)} is signed, and has the last index`,
    );
  const { number, opened } = await latestOf(newest, chain, now());
  for (let index = newest.number; index > number; index--) foreign(index, 'it is sealed before one before it');
  return headOf(opened, number, free);
}

/** StoredChain is the objects in the places of a partition's segments. */
class StoredChain {
  readonly #store: ObjectStore;
  readonly #partition: string;
  readonly #certificates: Certificates;

  constructor(store: ObjectStore, partition: string, certificates: Certificates) {
    this.#store = store;
    this.#partition = partition;
    this.#certificates = certificates;
  }

  /** signature gives what a session says of an index, whether its object is what was signed or not. */
  signature(index: number): ReturnType<typeof readSignature> {
    const name = segmentName(this.#partition, index);
    return this.#named(name, () => readSignature(this.#store, name, this.#certificates));
  }

  /** segment gives the segment of an index, if it goes on from the one that it names as none before it does. */
  async segment(index: number): ReturnType<typeof readSegment> {
    const segment = await this.#inPlace(index);
    if (segment === undefined || 'foreign' in segment || segment.previous === undefined) return segment;
    const { statement, previous } = segment;
    const before = previous < 0 ? NO_CHAIN : await this.signature(previous);
    // The chain has gone on behind a segment that is missing: it was there.
    if (before === undefined) return segment;
    if ('foreign' in before || !follows(statement, before))
      return { foreign: 'it does not go on from the segment that it names' };
    for (let between = previous + 1; between < index; between++) {
      const other = await this.#inPlace(between);
      if (other === undefined || 'foreign' in other) continue;
      if (other.previous === previous && follows(other.statement, before))
        return { foreign: `${segmentName(this.#partition, between)} goes on from the same segment` };
    }
    return segment;
  }

  #inPlace(index: number): ReturnType<typeof readSegment> {
    const name = segmentName(this.#partition, index);
    return this.#named(name, () => readSegment(this.#store, this.#partition, index, this.#certificates));
  }

  async #named<T>(name: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      return named(name, () => {
        throw error instanceof AuditsealError && error.code === 'VERSION_UNKNOWN'
          ? new AuditsealError(error.code, `${error.message}; a newer release writes this ledger`)
          : error;
      });
    }
  }
}

const follows = (
  { prev, sealed }: Pick<SignedStatement, 'prev' | 'sealed'>,
  before: Pick<SignedStatement, 'root' | 'sealed'>,
): boolean => prev === before.root && sealed >= before.sealed;

interface Signed {
  readonly number: number;
  readonly opened: SignedStatement;
}

/**
 * latestOf gives the segment that was sealed last, the newest as a rule: along a chain that never falls. Who stole a session's key
 * can put one behind it for ever, but only of a time when its certificate held. So if that is over, those before are looked at,
 * up to one of a session that may still sign.
 */
async function latestOf(newest: Signed, chain: StoredChain, now: number): Promise<Signed> {
  const isOver = ({ opened }: Signed): boolean => Date.parse(opened.until) < now;
  let latest = newest;
  let last = newest;
  for (let number = newest.number - 1; isOver(last) && number >= Math.max(newest.number - MAX_LOOK_BACK, 0); number--) {
    const opened = await chain.signature(number);
    if (opened === undefined || 'foreign' in opened) continue;
    last = { number, opened };
    if (opened.sealed <= latest.opened.sealed) continue;
    const segment = await chain.segment(number);
    if (segment !== undefined && !('foreign' in segment)) latest = last;
  }
  return latest;
}

async function* list(store: ObjectStore, partition: string, least: number): AsyncGenerator<number> {
  for await (const { name } of store.list(`segments/${partition}/`, segmentName(partition, least))) {
    const index = parseSegmentName(name)?.index;
    if (index !== undefined) yield index;
  }
}
