import { InFlight, LARGER, isTriedAgain } from './concurrency.ts';
import type { Turn } from './concurrency.ts';
import { faultIn } from '../core/errors.ts';
import { roomFor } from './mirrorRoom.ts';
import type { FreeBytes } from './mirrorRoom.ts';
import { partitionsOf } from './partitions.ts';
import { hasMd5, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { LOG_FOLDERS, batchName, isKnownName, segmentName } from '../core/objects/names.ts';
import { MAX_OBJECT_BYTES } from '../core/objects/sizes.ts';
import { GONE, WHY_UNREAD, isSame } from '../ports/store.ts';
import type { ObjectInfo, ObjectStore } from '../ports/store.ts';

export interface MirrorResult {
  copied: number;
  copiedBytes: number;
  present: number;
  /** objects that could not be copied, and why */
  failed: { object: string; why: string }[];
  /** the copy was stopped, because the disk is full */
  isStopped?: true;
}

/** MirrorFolder is where a mirror is made. */
export interface MirrorFolder extends ObjectStore {
  /** removeBlank removes an object that holds zeros alone, as one does whose bytes a crash took, and tells whether it did. */
  removeBlank(name: string): Promise<boolean>;
}

export interface MirrorOptions {
  /** how many objects may be read at one time, of whatever size */
  readonly concurrency: number;
  /** how many may, where they are small; left out, no more */
  readonly requests?: number;
  /** what has the right size counts as there; else its bytes are compared */
  readonly trustsSizes?: boolean;
  /** gives how many bytes there is room for, as far as that is known */
  readonly free?: FreeBytes;
  readonly onProgress?: (result: Readonly<MirrorResult>) => void;
}

/**
 * differsAt tells whether a mirror is of another ledger than the one that is to be copied: it gives an object with which a log or a chain
 * begins, and of which both have other bytes. Those never change.
 */
export async function differsAt(from: Pick<ObjectStore, 'read'>, mirror: ObjectStore): Promise<string | undefined> {
  const beginnings = [batchName(0)];
  for await (const partition of partitionsOf(mirror)) beginnings.push(segmentName(partition, 0));
  for (const name of beginnings) {
    const [here, there] = [await mirror.read(name), await from.read(name)];
    // What holds zeros alone lost its bytes in a crash, and says nothing of whose it is.
    const isOther = typeof here === 'object' && typeof there === 'object' && !here.equals(there);
    if (isOther && here.some((byte) => byte !== 0)) return name;
  }
  return undefined;
}

/**
 * mirrorLedger copies every object that the mirror lacks. What is there already with the same bytes is left alone, so a copy that was
 * cut off goes on where it stopped; an object of other bytes under the same name is reported, never replaced, unless it is blank: which
 * of the two is right is for a check to say. Those whose names the format knows come first: whatever else somebody put into the
 * container keeps nothing of the ledger back; of those the log, and then what its entries are of. It stops where the disk is full, and throws
 * STORE_FULL where it can't have room for all.
 */
export async function mirrorLedger(from: ObjectStore, to: MirrorFolder, options: MirrorOptions): Promise<MirrorResult> {
  const knownFirst = async function* (): AsyncGenerator<ObjectInfo> {
    const others: ObjectInfo[] = [];
    for (const listed of [listLog(from), listBesideLog(from)])
      for await (const object of listed)
        if (isKnownName(object.name)) yield object;
        else others.push(object);
    yield* others;
  };
  return mirrorObjects(from, to, knownFirst, options);
}

/** listLog gives what stands in the folders of the log, and in that of actions, in the order in which it has to be copied. */
export async function* listLog(store: Pick<ObjectStore, 'list'>): AsyncGenerator<ObjectInfo> {
  for (const folder of LOG_FOLDERS) yield* store.list(folder);
}

/** listBesideLog gives all the rest: what stands before the first of those folders, between two, and behind the last one. */
async function* listBesideLog(store: Pick<ObjectStore, 'list'>): AsyncGenerator<ObjectInfo> {
  let start = '';
  for (const folder of LOG_FOLDERS.toSorted()) {
    for await (const object of store.list('', start)) {
      if (object.name >= folder) break;
      yield object;
    }
    // What follows a slash in the order of names.
    start = `${folder.slice(0, -1)}0`;
  }
  yield* store.list('', start);
}

/** CopiedObject is an object that is to be copied. */
export interface CopiedObject extends ObjectInfo {
  /** of the bytes that it must have, where that is known */
  readonly sha256?: Hash;
}

/** mirrorObjects does that for the objects that `listed` gives, which it asks twice. */
export async function mirrorObjects(
  from: ObjectStore,
  to: MirrorFolder,
  listed: () => AsyncIterable<CopiedObject>,
  options: MirrorOptions,
): Promise<MirrorResult> {
  const present = new Map<string, number>();
  for await (const { name, size } of to.list('')) present.set(name, size);
  const room = await roomFor(listed(), (name) => present.has(name), options.free);
  const result: MirrorResult = { copied: 0, copiedBytes: 0, present: 0, failed: [] };
  const copying = new Copying(from, to, present, result, options.trustsSizes ?? false);
  const untilFull = async function* (): AsyncGenerator<CopiedObject> {
    for await (const object of listed()) {
      if (copying.fullAt !== undefined) return;
      yield object;
    }
  };
  const sizeOf = ({ name, size }: CopiedObject): number => Math.max(size, present.get(name) ?? 0);
  await new InFlight(options.concurrency, options.requests).each(untilFull(), sizeOf, async (object, turn) => {
    const outcome = await copying.take(object, turn);
    options.onProgress?.(result);
    return outcome;
  });
  if (copying.fullAt !== undefined) {
    result.isStopped = true;
    result.failed.push({ object: copying.fullAt, why: await room.whyStopped(result.copiedBytes) });
  }
  return result;
}

/** Copying takes one object after the other, or several at once. */
class Copying {
  readonly #from: ObjectStore;
  readonly #to: MirrorFolder;
  readonly #present: ReadonlyMap<string, number>;
  readonly #result: MirrorResult;
  readonly #trustsSizes: boolean;
  /** the first object for which the disk had no room */
  fullAt: string | undefined;

  constructor(
    from: ObjectStore,
    to: MirrorFolder,
    present: ReadonlyMap<string, number>,
    result: MirrorResult,
    trustsSizes: boolean,
  ) {
    this.#from = from;
    this.#to = to;
    this.#present = present;
    this.#result = result;
    this.#trustsSizes = trustsSizes;
  }

  async take(object: CopiedObject, turn: Turn): Promise<typeof LARGER | undefined> {
    // Once the disk is full, nothing more is read.
    const outcome = this.fullAt === undefined ? await this.#take(object, turn) : undefined;
    if (outcome === LARGER) return LARGER;
    if (outcome !== undefined) this.#result.failed.push({ object: object.name, why: outcome });
    return undefined;
  }

  /** take copies an object, or says why it can't. */
  async #take(
    { name, size, md5, sha256: wanted }: CopiedObject,
    turn: Turn,
  ): Promise<string | typeof LARGER | undefined> {
    const most = Math.min(turn.most, MAX_OBJECT_BYTES);
    const known = this.#present.get(name);
    try {
      if (known === size && this.#trustsSizes) return this.#count();
      const stored = known === undefined ? undefined : await this.#to.read(name, MAX_OBJECT_BYTES);
      if (typeof stored === 'string') return WHY_UNREAD[stored];
      const isStored =
        stored?.length === size && (hasHash(stored, wanted) || (md5 !== undefined && hasMd5(stored, md5)));
      if (isStored) return this.#count();
      if (stored !== undefined && stored.length !== size && !isBlank(stored))
        return `the mirror has ${stored.length} bytes under this name, and the ledger has ${size}; the mirror's were left as they are`;
      const bytes = await this.#from.read(name, most);
      // A listing may be old, and an entry of the log may lie.
      if (bytes === 'too-large' && most < MAX_OBJECT_BYTES) return LARGER;
      if (typeof bytes !== 'object') return bytes === undefined ? GONE : WHY_UNREAD[bytes];
      if (stored?.equals(bytes) === true) return this.#count();
      if (stored !== undefined && !(await this.#to.removeBlank(name)))
        return 'the mirror has other bytes of the same size under this name; they were left as they are: auditseal verify says of each whether it is right, and what is deleted from the mirror is copied again';
      // Durable point, of nothing: a mirror that lacks the object is gone on from.
      if ((await this.#to.create(name, bytes)) === 'created') {
        this.#result.copied += 1;
        this.#result.copiedBytes += bytes.length;
        return undefined;
      }
      // Another copy was faster.
      return isSame(await this.#to.read(name, MAX_OBJECT_BYTES), bytes)
        ? this.#count()
        : 'the mirror has other bytes under this name';
    } catch (error) {
      if (isTriedAgain(error, turn)) throw error;
      const { code, message } = faultIn(error);
      if (code !== 'STORE_FULL') return message;
      this.fullAt ??= name;
      return undefined;
    }
  }

  #count(): undefined {
    this.#result.present += 1;
  }
}

const hasHash = (bytes: Buffer, wanted: Hash | undefined): boolean => wanted !== undefined && sha256(bytes) === wanted;

const isBlank = (bytes: Buffer): boolean => bytes.length > 0 && bytes.every((byte) => byte === 0);
