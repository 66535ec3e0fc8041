import type { Uncompared, WalkedObject } from './walk.ts';
import { formatHash } from '../../core/hash.ts';
import { parseSegmentName, segmentName } from '../../core/objects/names.ts';
import type { Finding, FindingCode, PartitionReport } from '../../core/objects/report.ts';
import type { Digest, DigestObjects } from '../../ledger/digest.ts';
import type { ObjectStore } from '../../ports/store.ts';

export interface QuickWalkDeps {
  readonly store: ObjectStore;
  /** hashes a group of objects; it bounds how many are in memory */
  readonly digest: DigestObjects;
  readonly find: (finding: Finding) => void;
  readonly onForeign: (name: string) => void;
  readonly onUnreadable: (name: string, why: string) => void;
  readonly onObject: (size: number) => void;
}

interface Ahead {
  readonly index: number;
  readonly digests: Promise<readonly Digest[]>;
  /** which of them is its own */
  readonly place: number;
}

/** How many objects are hashed in one go: a message to a thread costs as much as hashing a small one. */
const GROUP_OBJECTS = 32;

/** How many objects are listed and hashed before they are asked for. */
const AHEAD = 4 * GROUP_OBJECTS;

/** QuickWalk hashes the stored bytes of one partition's objects in order of index, and looks into none of them. */
export class QuickWalk {
  readonly partition: string;
  readonly #deps: QuickWalkDeps;
  readonly #anchor: PartitionReport | undefined;
  readonly #listed: AsyncGenerator<number, undefined>;
  readonly #ahead: Ahead[] = [];
  #isListed = false;
  #next = 0;

  /** With `anchor`, the object of the anchor's index must be there, with the bytes that the anchor knew. */
  constructor(deps: QuickWalkDeps, partition: string, anchor?: PartitionReport) {
    this.#deps = deps;
    this.partition = partition;
    this.#anchor = anchor;
    this.#listed = this.#list();
  }

  /** to gives the object of an index, undefined behind the last one, or 'hole' where others are behind it. */
  async to(index: number): Promise<WalkedObject | 'hole' | undefined> {
    for (;;) {
      if (index < this.#next) return 'hole';
      if (this.#ahead.length === 0) await this.#readAhead();
      const object = this.#ahead[0];
      if (object === undefined) break;
      if (object.index > index) return 'hole';
      this.#ahead.shift();
      const taken = await this.#take(object);
      if (object.index === index) return taken;
    }
    // The listing may be older than the object.
    const late = await this.#readAlone(index);
    return late && this.#take(late);
  }

  async #take({ index, digests, place }: Ahead): Promise<WalkedObject> {
    // Listed early enough that threads have work while this one compares.
    if (this.#ahead.length <= AHEAD - GROUP_OBJECTS) await this.#readAhead();
    this.#passOver(index);
    const digest = (await digests)[place] as Digest;
    const object = { index, size: digest.ok ? digest.size : 0, isOfChain: false };
    if (!digest.ok && !digest.isTooLarge) {
      this.#deps.onUnreadable(segmentName(this.partition, index), digest.why);
      return object;
    }
    const sha256 = digest.ok ? digest.sha256 : undefined;
    this.#deps.onObject(object.size);
    const anchor = this.#anchor;
    if (index === anchor?.index && (sha256 === undefined || formatHash(sha256) !== anchor.sha256))
      this.#say('segment-changed', index, `an earlier report knew its stored bytes with the SHA-256 ${anchor.sha256}`);
    return { ...object, summary: { sha256 } };
  }

  #say(code: FindingCode, index: number, detail: string): void {
    this.#deps.find({ code, severity: 'error', object: segmentName(this.partition, index), detail });
  }

  /** passOver takes notice of an index that is there, and of those before it that are not. */
  #passOver(index: number): void {
    this.#missing(index, `no object has this name, and index ${index} is there`);
    this.#next = index + 1;
  }

  #missing(until: number, why: string): void {
    const count = until - this.#next;
    if (count <= 0) return;
    const detail = count === 1 ? why : `${why}; with the ${count - 1} after it, up to index ${until - 1}`;
    this.#say('segment-missing', this.#next, detail);
    this.#next = until;
  }

  async #readAhead(): Promise<void> {
    while (!this.#isListed && this.#ahead.length <= AHEAD - GROUP_OBJECTS) {
      const group: number[] = [];
      while (group.length < GROUP_OBJECTS && !this.#isListed) {
        const index = await this.#nextIndex();
        if (index !== undefined) group.push(index);
      }
      if (group.length === 0) return;
      const digests = this.#deps.digest(group.map((index) => segmentName(this.partition, index)));
      digests.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      group.forEach((index, place) => this.#ahead.push({ index, digests, place }));
    }
  }

  async #nextIndex(): Promise<number | undefined> {
    const { value, done } = await this.#listed.next();
    if (done === true) this.#isListed = true;
    return done === true ? undefined : value;
  }

  /** list lists names alone: what an object's size is, is known when it is hashed. */
  async *#list(): AsyncGenerator<number, undefined> {
    const { store, onForeign } = this.#deps;
    for await (const { name, isFolder } of store.children(`segments/${this.partition}/`)) {
      const place = isFolder ? undefined : parseSegmentName(name);
      if (place?.partition === this.partition) yield place.index;
      else for await (const foreign of isFolder ? store.list(name) : [{ name }]) onForeign(foreign.name);
    }
    return undefined;
  }

  async #readAlone(index: number): Promise<Ahead | undefined> {
    const name = segmentName(this.partition, index);
    if (!(await this.#deps.store.exists(name))) return undefined;
    return { index, digests: this.#deps.digest([name]), place: 0 };
  }

  /** finish lists what is left, and says what of it the log has no entry of. */
  async finish(isIntegrated: (index: number) => boolean): Promise<Uncompared | undefined> {
    let first: string | undefined;
    let count = 0;
    for (;;) {
      const index = this.#ahead.shift()?.index ?? (await this.#nextIndex());
      if (index === undefined) break;
      this.#passOver(index);
      if (isIntegrated(index)) continue;
      first ??= segmentName(this.partition, index);
      count += 1;
    }
    if (this.#anchor !== undefined) {
      const { index } = this.#anchor;
      this.#missing(index + 1, `no object has this name, and an earlier report knew the chain up to index ${index}`);
    }
    return first === undefined ? undefined : { first, count };
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead.map(({ digests }) => digests));
    await this.#listed.return(undefined);
  }
}
