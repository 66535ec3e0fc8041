import { Trust } from '../../web/verify/signed/trust.ts';
import { parseVerifierKey } from '../../web/verify/verifierKey.ts';
import { LEDGER, TRUST } from '../support/forge.ts';
import { keyText } from '../support/sign.ts';
import type { HandKey } from '../support/sign.ts';

// Core and the page are two implementations of docs/format.md that share no code: each object is shown to both.

/** SIGNED_SAMPLE is how many of many changes the fast run tries, SIGNED_USUAL the usual one. */
export const SIGNED_SAMPLE = 150;
export const SIGNED_USUAL = 400;
/** OTHER is a key that the ledger doesn't have. */
export const OTHER = { name: LEDGER, seed: 9 };

/** Given is the keys that a checker was given. */
export type Given = readonly string[] | undefined;
/** GIVEN is what a checker may have been given: the log's key, another one, none. */
export const GIVEN: readonly Given[] = [TRUST.keys, [keyText(OTHER)], undefined];

/** trustOf gives what the page makes of them. */
export async function trustOf(keys: Given): Promise<Trust> {
  return new Trust(LEDGER, keys && (await Promise.all(keys.map((text) => parseVerifierKey(text)))));
}

/** changesOf gives bytes with each bit of some places flipped, cut and extended. */
export function* changesOf(bytes: Buffer, from: number): Generator<Buffer> {
  for (let at = from; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
    yield flipped;
  }
  for (const cut of [1, 2, 63, 64, 65, 72, bytes.length - from]) yield bytes.subarray(0, -cut);
  for (const more of ['\n', '\0', '5a2a4d1800000000'])
    yield Buffer.concat([bytes, Buffer.from(more, 'hex'), Buffer.of(0)]);
}

/** withStrangers gives the log's key and as many others. */
export const withStrangers = (count: number, name = 'stranger.example.com'): HandKey[] => [
  { name: LEDGER, seed: 1 },
  ...Array.from({ length: count }, () => ({ name, seed: 2 })),
];
