import { faultIn } from '../core/errors.ts';
import { partitionsOf } from './partitions.ts';
import { batchName, isKnownName, segmentName } from '../core/objects/names.ts';
import { MAX_OBJECT_BYTES } from '../core/objects/sizes.ts';
import { GONE, WHY_UNREAD, isSame } from '../ports/store.ts';
import type { ObjectInfo, ObjectStore } from '../ports/store.ts';

export interface MirrorResult {
  copied: number;
  copiedBytes: number;
  present: number;
  /** objects that could not be copied, and why */
  failed: { object: string; why: string }[];
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
    if (typeof here === 'object' && typeof there === 'object' && !here.equals(there)) return name;
  }
  return undefined;
}

/**
 * mirrorLedger copies every object that the mirror lacks. What is there already is left alone, so a copy that was cut off
 * goes on where it stopped; an object of another size under the same name is reported, never replaced. Those whose names the
 * format knows come first: whatever else somebody put into the container keeps nothing of the ledger back.
 */
export async function mirrorLedger(
  from: ObjectStore,
  to: ObjectStore,
  options: { readonly concurrency: number; readonly onProgress?: (result: Readonly<MirrorResult>) => void },
): Promise<MirrorResult> {
  const result: MirrorResult = { copied: 0, copiedBytes: 0, present: 0, failed: [] };
  const present = new Map<string, number>();
  for await (const { name, size } of to.list('')) present.set(name, size);

  const copy = async ({ name, size }: ObjectInfo): Promise<void> => {
    const known = present.get(name);
    if (known === size) result.present += 1;
    else if (known !== undefined) {
      result.failed.push({
        object: name,
        why: `the mirror has ${known} bytes under this name, and the ledger has ${size}; the mirror's were left as they are`,
      });
    } else {
      try {
        const bytes = await from.read(name, MAX_OBJECT_BYTES);
        if (typeof bytes !== 'object') {
          result.failed.push({ object: name, why: bytes === undefined ? GONE : WHY_UNREAD[bytes] });
        } else if ((await to.create(name, bytes)) === 'created') {
          result.copied += 1;
          result.copiedBytes += bytes.length;
        } else if (isSame(await to.read(name, MAX_OBJECT_BYTES), bytes)) {
          result.present += 1; // another copy was faster
        } else result.failed.push({ object: name, why: 'the mirror has other bytes under this name' });
      } catch (error) {
        result.failed.push({ object: name, why: faultIn(error).message });
      }
    }
    options.onProgress?.(result);
  };

  const others: ObjectInfo[] = [];
  const knownFirst = async function* (): AsyncGenerator<ObjectInfo> {
    for await (const object of from.list('')) {
      if (isKnownName(object.name)) yield object;
      else others.push(object);
    }
    yield* others;
  };
  const underway = new Set<Promise<void>>();
  try {
    for await (const object of knownFirst()) {
      const task = copy(object).finally(() => underway.delete(task));
      task.catch(() => {}); // awaited below
      underway.add(task);
      if (underway.size >= options.concurrency) await Promise.race(underway);
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
  }
  return result;
}
