import { AuditsealError } from '../core/errors.ts';
import type { ObjectInfo } from '../ports/store.ts';

/** FreeBytes gives how many bytes there is room for. */
export type FreeBytes = () => Promise<number>;

/** Room is how much room a copy needs. */
export interface Room {
  /** whyStopped says why a copy ended before its end, and how much room it lacks. */
  whyStopped(copiedBytes: number): Promise<string>;
}

/**
 * roomFor adds up what a copy has to write: the objects that aren't there. Where `free` tells that there is no room for them, it throws
 * STORE_FULL, before anything is written. What a file takes on the disk beside its bytes isn't counted.
 */
export async function roomFor(
  listed: AsyncIterable<ObjectInfo>,
  isThere: (name: string) => boolean,
  free: FreeBytes | undefined,
): Promise<Room> {
  if (free === undefined) return { whyStopped: async () => 'the disk is full: the copy was stopped' };
  let needed = 0;
  for await (const { name, size } of listed) if (!isThere(name)) needed += size;
  const before = await free();
  if (needed > before)
    throw new AuditsealError(
      'STORE_FULL',
      `the copy needs ${needed} bytes more, and ${before} are free: nothing of it was copied`,
    );
  return {
    whyStopped: async (copiedBytes) => {
      const rest = Math.max(needed - copiedBytes, 0);
      return `the disk is full: the rest needs ${rest} bytes, and ${await free()} are free. The copy was stopped; it goes on where there is room`;
    },
  };
}
