import { describeInterval, intervalArguments } from './intervalOptions.ts';
import { callersPath } from './files.ts';
import { isUrl, unusable } from './usage.ts';
import { readSliceFile } from '../adapters/sliceFile.ts';
import { faultIn } from '../core/errors.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { SLICE_FILE, contains } from '../core/objects/slice.ts';
import type { LedgerInterval, Slice } from '../core/objects/slice.ts';
import { trustIn } from '../core/signed/certificate.ts';
import type { Tally } from '../find/tally.ts';
import { lackedObject } from '../ledger/mirrorSlice.ts';
import type { ObjectStore } from '../ports/store.ts';

/** claimedSlice gives what a folder claims to be a slice of, or why that can't be read; undefined if it claims nothing, as a container does. */
export async function claimedSlice(target: string): Promise<Slice | { readonly why: string } | undefined> {
  if (isUrl(target)) return undefined;
  try {
    return await readSliceFile(callersPath(target));
  } catch (error) {
    return { why: faultIn(error).message };
  }
}

/**
 * refuseSlice throws TARGET_INVALID for a folder that calls itself a slice and lacks a segment or a report that its log has an entry of: it isn't a whole ledger,
 * whatever somebody calls it, and what it is can only be checked as that. `todo` says what to do, with the options of an interval.
 */
export async function refuseSlice(
  target: string,
  store: ObjectStore,
  verifiers: readonly VerifierKey[],
  todo: (options: string) => string,
): Promise<void> {
  const slice = await claimedSlice(target);
  if (slice === undefined) return;
  const lacked = await lackedIn(store, verifiers);
  if (lacked === undefined) return;
  const lacks = `the log in ${target} has an entry of ${lacked}, and ${target} does not have it`;
  if ('why' in slice)
    throw unusable(
      `${target} is not a whole ledger: ${lacks}. Its ${SLICE_FILE} says that it is a slice, and can't be read: ${slice.why}. If you know of which interval: ${todo('--from=TIME --to=TIME')}`,
    );
  const options = intervalArguments(slice).join(' ');
  throw unusable(
    `${target} is not a whole ledger: ${lacks}. It calls itself a slice of ${slice.ledger}, ${describeInterval(slice)}; whether that is what you should have, you must know. If somebody gave it to you as a whole ledger, something is missing of it. ${todo(options)}`,
  );
}

/** What can't be read of the log, a check says. */
async function lackedIn(store: ObjectStore, verifiers: readonly VerifierKey[]): Promise<string | undefined> {
  try {
    return await lackedObject(store, trustIn(verifiers));
  } catch (error) {
    faultIn(error);
    return undefined;
  }
}

/** sliceIn gives what a folder claims to be a slice of, if it lacks an object that its log has an entry of. */
export async function sliceIn(
  target: string,
  store: ObjectStore,
  verifiers: readonly VerifierKey[],
): Promise<Slice | undefined> {
  const claim = await sliceClaimOf(target);
  return claim !== undefined && (await lackedIn(store, verifiers)) !== undefined ? claim : undefined;
}

/** sliceClaimOf gives what a folder says that it is a slice of; undefined if it says nothing that can be read. */
export async function sliceClaimOf(target: string): Promise<Slice | undefined> {
  const claim = await claimedSlice(target);
  return claim === undefined || 'why' in claim ? undefined : claim;
}

/** outsideLines says of a folder that calls itself a slice that what isn't there may be outside of it. */
export async function outsideLines(target: string): Promise<string[]> {
  const claim = await sliceClaimOf(target);
  return claim === undefined
    ? []
    : [`${target} calls itself a slice, ${describeInterval(claim)}: what is outside of that, it does not hold`];
}

/** widerLines says of a folder that calls itself a slice which one, where the interval that is checked is wider. */
export async function widerLines(target: string, interval: LedgerInterval | undefined): Promise<string[]> {
  const claim = interval && (await sliceClaimOf(target));
  return claim === undefined || interval === undefined || contains(claim, interval)
    ? []
    : [
        `what is outside of the slice that the folder calls itself, ${describeInterval(claim)}: the interval asked for is wider, and that the folder need not hold`,
      ];
}

/** outsideFoundLines says so where a search came upon such a segment. */
export const outsideFoundLines = async (target: string, { unsearched }: Tally): Promise<string[]> =>
  unsearched.some(({ isOutside }) => isOutside === true) ? outsideLines(target) : [];

/** shellWord makes an argument that a shell takes as it is. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
