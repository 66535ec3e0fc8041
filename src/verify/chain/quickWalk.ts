import { formatHash } from '../../core/hash.ts';
import { parseSegmentName, segmentName } from '../../core/objects/names.ts';
import type { PartitionReport } from '../../core/objects/report.ts';
import type { Digest, DigestObjects } from '../../ledger/digest.ts';
import type { Context } from '../context.ts';
import { sayForeign } from '../foreignName.ts';
import { Indices } from './indices.ts';
import { Walk } from './walk.ts';
import type { ListedObject, PartitionWalk, StoredDigest, WalkedObject } from './walk.ts';

type Walked = WalkedObject<StoredDigest>;

/** How many objects are hashed in one go: a message to a thread costs as much as hashing a small one. */
const GROUP_OBJECTS = 32;

/** QuickWalk hashes the stored bytes of one partition's objects, and looks into none of them. */
export class QuickWalk implements PartitionWalk {
  readonly partition: string;
  readonly #context: Context;
  readonly #digest: DigestObjects;
  readonly #anchor: PartitionReport | undefined;
  readonly #indices: Indices;
  readonly #walk: Walk<Digest, Walked>;

  /** With `anchor`, the object of the anchor's index must be there, with the bytes that the anchor knew. */
  constructor(context: Context, digest: DigestObjects, partition: string, anchor: PartitionReport | undefined) {
    this.partition = partition;
    this.#context = context;
    this.#digest = digest;
    this.#anchor = anchor;
    this.#indices = new Indices(context.findings, partition);
    this.#walk = new Walk({
      listed: this.#list(),
      group: GROUP_OBJECTS,
      ahead: () => 4 * GROUP_OBJECTS,
      look: (objects) => this.#look(objects),
      find: (index) => this.#find(index),
      take: (object, digest) => this.#take(object, digest),
    });
  }

  to = (index: number): Promise<Walked | 'hole' | undefined> => this.#walk.to(index);

  /** finish lists what is left, and notes what of it the log has no entry of. Without a header nothing tells when it was sealed. */
  async finish(isIntegrated: (index: number) => boolean): Promise<void> {
    const { tally } = this.#context;
    let first: string | undefined;
    let count = 0;
    for await (const index of this.#walk.rest()) {
      // Who took a name that has no entry isn't known here.
      this.#indices.passOverForeign(index);
      if (isIntegrated(index)) continue;
      first ??= segmentName(this.partition, index);
      count += 1;
    }
    if (this.#anchor !== undefined) this.#indices.demand(this.#anchor.index, 'an earlier report knew');
    if (first === undefined) return;
    tally.notIntegrated += count;
    tally.uncompared.push({ first, count });
  }

  /** A quick check follows no chain. */
  readonly end = undefined;

  close = (): Promise<void> => this.#walk.close();

  #look(objects: readonly ListedObject[]): readonly Promise<Digest>[] {
    const digests = this.#digest(objects.map(({ index }) => segmentName(this.partition, index)));
    return objects.map(async (_object, place) => (await digests)[place] as Digest);
  }

  async #take({ index }: ListedObject, digest: Digest): Promise<Walked> {
    const { findings, tally } = this.#context;
    const name = segmentName(this.partition, index);
    this.#indices.passOver(index);
    const object = { index, size: digest.ok ? digest.size : 0, isOfChain: false };
    if (!digest.ok && !digest.isTooLarge) {
      tally.addUnreadable(name, digest.why);
      return object;
    }
    const sha256 = digest.ok ? digest.sha256 : undefined;
    tally.addSegment(object.size);
    const anchor = this.#anchor;
    if (index === anchor?.index && (sha256 === undefined || formatHash(sha256) !== anchor.sha256)) {
      const detail = `an earlier report knew its stored bytes with the SHA-256 ${anchor.sha256}`;
      findings.error('segment-changed', name, detail);
    }
    return { ...object, summary: { sha256 } };
  }

  /** list lists names alone: what an object's size is, is known when it is hashed. */
  async *#list(): AsyncGenerator<ListedObject, undefined> {
    const { store } = this.#context;
    for await (const { name, isFolder } of store.children(`segments/${this.partition}/`)) {
      const place = isFolder ? undefined : parseSegmentName(name);
      if (place?.partition === this.partition) yield { index: place.index, size: 0 };
      else for await (const other of isFolder ? store.list(name) : [{ name }]) await sayForeign(this.#context, other);
    }
    return undefined;
  }

  async #find(index: number): Promise<ListedObject | undefined> {
    const isThere = await this.#context.store.exists(segmentName(this.partition, index));
    return isThere ? { index, size: 0 } : undefined;
  }
}
