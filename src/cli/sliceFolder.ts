import { describeInterval, intervalArguments } from './intervalOptions.ts';
import { callersPath } from './files.ts';
import { isUrl, unusable } from './usage.ts';
import { readSliceFile } from '../adapters/sliceFile.ts';
import { faultIn } from '../core/errors.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { SLICE_FILE } from '../core/objects/slice.ts';
import type { Slice } from '../core/objects/slice.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { lackedSegment } from '../ledger/mirrorSlice.ts';
import type { ObjectStore } from '../ports/store.ts';

/** trustIn is whose log counts for who has these keys; without any, whoever made it is believed. */
export const trustOf = (verifiers: readonly VerifierKey[]): Trust =>
  verifiers.length > 0 ? { keys: verifiers.map(formatVerifierKey) } : {};

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
 * refuseSlice throws TARGET_INVALID for a folder that calls itself a slice and lacks a segment that its log has: it isn't a whole ledger,
 * whatever somebody calls it, and what it is can only be checked as that. `command` is what to do with an interval, without its options.
 */
export async function refuseSlice(
  target: string,
  store: ObjectStore,
  verifiers: readonly VerifierKey[],
  command: string,
): Promise<void> {
  const slice = await claimedSlice(target);
  if (slice === undefined) return;
  const lacked = await lackedIn(store, verifiers);
  if (lacked === undefined) return;
  const lacks = `the log in ${target} has ${lacked}, and ${target} has not`;
  if ('why' in slice)
    throw unusable(
      `${target} is not a whole ledger: ${lacks}. Its ${SLICE_FILE} says that it is a slice, and can't be read: ${slice.why}. If you know of which interval: ${command} --from=TIME --to=TIME`,
    );
  const options = intervalArguments(slice).join(' ');
  throw unusable(
    `${target} is not a whole ledger: ${lacks}. It calls itself a slice of ${slice.ledger}, ${describeInterval(slice)}; whether that is what you should have, you must know. To check it as that: ${command} ${options}. If somebody gave it to you as a whole ledger, segments are missing`,
  );
}

/** What can't be read of the log, a check says. */
async function lackedIn(store: ObjectStore, verifiers: readonly VerifierKey[]): Promise<string | undefined> {
  try {
    return await lackedSegment(store, trustOf(verifiers));
  } catch (error) {
    faultIn(error);
    return undefined;
  }
}

/** isInside tells whether a folder claims to be a slice; anything else is asked as a whole. */
export const isSliceClaim = (claim: Slice | { readonly why: string } | undefined): claim is Slice =>
  claim !== undefined && !('why' in claim);

/** quoted makes an argument that a shell takes as it is. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
