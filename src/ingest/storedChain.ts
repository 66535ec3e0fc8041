import { AuditsealError, named } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import { NO_CHAIN } from '../core/segment/chain.ts';
import { MAX_CERTIFICATE_MS } from '../core/signed/certificate.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { readSegment, readSignature } from '../ledger/objects.ts';
import type { Foreign, SegmentInPlace } from '../ledger/objects.ts';
import type { ObjectStore } from '../ports/store.ts';

/** How many signatures are read ahead where a chain is followed back. */
const AHEAD = 16;
/** Below a segment in the archive tier, whose lines can't say which one it follows, so many objects are looked at. */
const MAX_LOOK_BACK = 256;

/** ChainSegment is a segment of the chain; with `isLone`, one that goes on from nothing that is there. */
export interface ChainSegment {
  readonly statement: SignedStatement;
  readonly isLone?: boolean;
}

/** Before is where a segment goes on: from another one, from the beginning, from one that is missing, or from nowhere. */
type Before = { readonly index: number; readonly statement: SignedStatement } | 'beginning' | 'missing' | Foreign;

/**
 * StoredChain is the objects in the places of a partition's segments, seen by who wants to go on from them. Who takes a session's key
 * can sign segments that go on from each other, and of which none goes on from the chain: for ever, if they are dated while its
 * certificate held. So where that is over, a chain is followed back to before it began.
 */
export class StoredChain {
  readonly #store: ObjectStore;
  readonly #partition: string;
  readonly #certificates: Certificates;
  readonly #now: number;
  readonly #signatures = new Map<number, ReturnType<typeof readSignature>>();
  /** indices of segments that were followed back to one that goes on from nowhere, and why that does */
  readonly #astray = new Map<number, Foreign>();

  constructor(store: ObjectStore, partition: string, certificates: Certificates, now: number) {
    this.#store = store;
    this.#partition = partition;
    this.#certificates = certificates;
    this.#now = now;
  }

  /** segment gives the segment of an index, if it is of the chain, or why it is foreign; undefined if nothing is there. */
  async segment(index: number): Promise<ChainSegment | Foreign | undefined> {
    const astray = this.#astray.get(index);
    if (astray !== undefined) return astray;
    const read = await this.#inPlace(index);
    if (read === undefined || 'foreign' in read) return read;
    const { statement } = read;
    const isOver = Date.parse(statement.until) < this.#now;
    let before = await this.#before(index, statement, read);
    if (isOver) before = await this.#followBack(index, statement, before);
    if (typeof before === 'object' && 'foreign' in before) return before;
    // The chain has gone on behind a segment that is missing, as far as who may still sign can be believed.
    return before === 'missing' && isOver ? { statement, isLone: true } : { statement };
  }

  /** followBack follows a segment back to one that its session can't have signed, or to where there is no way back. */
  async #followBack(index: number, { until }: SignedStatement, last: Before): Promise<Before> {
    const since = new Date(Date.parse(until) - MAX_CERTIFICATE_MS).toISOString();
    const followed = [index];
    let before = last;
    while (typeof before === 'object' && 'statement' in before && before.statement.sealed >= since) {
      followed.push(before.index);
      for (let below = before.index - 1; below >= Math.max(before.index - AHEAD, 0); below--)
        this.#signature(below).catch(() => {}); // it is awaited in its turn
      before = this.#astray.get(before.index) ?? (await this.#before(before.index, before.statement));
    }
    if (typeof before === 'object' && 'foreign' in before) for (const it of followed) this.#astray.set(it, before);
    return before;
  }

  /** before finds what a segment goes on from, as none before it does. `known` is what was read of it, if it was. */
  async #before(index: number, statement: SignedStatement, known?: SegmentInPlace): Promise<Before> {
    const next = index > 0 ? await this.#signature(index - 1) : undefined;
    if (next !== undefined && !('foreign' in next) && follows(statement, next))
      return { index: index - 1, statement: next };
    const read = known ?? (await this.#inPlace(index));
    if (read === undefined || 'foreign' in read) return read ?? 'missing';
    if (read.previous === undefined) return this.#search(index, statement);
    const { previous } = read;
    const before = previous < 0 ? NO_CHAIN : await this.#signature(previous);
    if (before === undefined) return 'missing';
    if ('foreign' in before || !follows(statement, before))
      return { foreign: 'it does not go on from the segment that it names' };
    for (let between = previous + 1; between < index; between++) {
      const other = await this.#inPlace(between);
      if (other === undefined || 'foreign' in other) continue;
      if (other.previous === previous && follows(other.statement, before))
        return { foreign: `${segmentName(this.#partition, between)} goes on from the same segment` };
    }
    return previous < 0 ? 'beginning' : { index: previous, statement: before as SignedStatement };
  }

  /** search looks below a segment in the archive tier for the one that it goes on from. */
  async #search(index: number, statement: SignedStatement): Promise<Before> {
    let hasSigned = false;
    for (let below = index - 1; below >= Math.max(index - MAX_LOOK_BACK, 0); below--) {
      const before = await this.#signature(below);
      if (before === undefined || 'foreign' in before) continue;
      if (follows(statement, before)) return { index: below, statement: before };
      if (before.prev === statement.prev)
        return { foreign: `${segmentName(this.#partition, below)} goes on from the same segment` };
      hasSigned = true;
    }
    if (hasSigned) return { foreign: 'it is in the archive tier, and goes on from no segment that is there' };
    return follows(statement, NO_CHAIN) ? 'beginning' : 'missing';
  }

  /** signature gives what a session says of an index, whether its object is what was signed or not. */
  #signature(index: number): ReturnType<typeof readSignature> {
    const name = segmentName(this.#partition, index);
    const known = this.#signatures.get(index);
    const signature = known ?? this.#named(name, () => readSignature(this.#store, name, this.#certificates));
    if (known === undefined) this.#signatures.set(index, signature);
    return signature;
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
