import { segmentName } from '../core/objects/names.ts';
import { attempt } from '../core/errors.ts';
import { Certificates } from '../core/signed/certificate.ts';
import { MAX_SIGNATURE_FRAME_BYTES, findSignatureFrame, openSignatureFrame } from '../core/signed/segmentFrame.ts';
import { DAY_MS } from '../core/units.ts';
import { firstFree } from '../ledger/dense.ts';
import { partitionsOf } from '../ledger/partitions.ts';
import type { ObjectStore } from '../ports/store.ts';

/** SealedSpan is when the first and the newest segments of a ledger were sealed, as their headers say. */
export interface SealedSpan {
  readonly first: string;
  readonly newest: string;
}

/** sealedSpan reads the first and the newest segment of each partition, and gives undefined if none can be read. */
export async function sealedSpan(store: ObjectStore): Promise<SealedSpan | undefined> {
  const times: string[] = [];
  for await (const partition of partitionsOf(store)) {
    const count = await firstFree((index) => store.exists(segmentName(partition, index)));
    for (const index of new Set([0, count - 1])) {
      const sealed = index < 0 ? undefined : await sealedAt(store, segmentName(partition, index));
      if (sealed !== undefined) times.push(sealed);
    }
  }
  const [first, newest] = [times.toSorted()[0], times.toSorted().at(-1)];
  return first === undefined || newest === undefined ? undefined : { first, newest };
}

/** Who signed isn't asked: the span is told to people, and decides nothing. */
const ANYBODY = new Certificates(undefined, undefined);

async function sealedAt(store: ObjectStore, name: string): Promise<string | undefined> {
  const end = await store.readEnd(name, MAX_SIGNATURE_FRAME_BYTES);
  if (typeof end !== 'object') return undefined;
  return attempt(() => openSignatureFrame(findSignatureFrame(end), name, ANYBODY).sealed, 'malformed');
}

/** deletableFrom gives the day on which what was sealed at a time (ISO 8601) can be deleted under a policy of so many days. */
export function deletableFrom(sealed: string, days: number): string {
  return new Date(Date.parse(sealed) + days * DAY_MS).toISOString().slice(0, 10);
}
