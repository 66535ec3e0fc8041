// XXH64, as a frame's checksum is defined. https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

const cut = (number: bigint): bigint => BigInt.asUintN(64, number);
const turn = (number: bigint, by: bigint): bigint => cut((number << by) | (number >> (64n - by)));
const round = (sum: bigint, lane: bigint): bigint => cut(turn(cut(sum + lane * P2), 31n) * P1);

/** checksum gives the four bytes that a frame's content is checked with: the lower half of its XXH64, seed 0. */
export function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash: bigint = P5;
  if (bytes.length >= 32) {
    let [a, b, c, d]: [bigint, bigint, bigint, bigint] = [cut(P1 + P2), P2, 0n, cut(-P1)];
    for (; at + 32 <= bytes.length; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = cut(turn(a, 1n) + turn(b, 7n) + turn(c, 12n) + turn(d, 18n));
    for (const sum of [a, b, c, d]) hash = cut((hash ^ round(0n, sum)) * P1 + P4);
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = cut(turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  }
  if (at + 4 <= bytes.length) {
    hash = cut(turn(cut(hash ^ (BigInt(view.getUint32(at, true)) * P1)), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = cut(turn(cut(hash ^ (BigInt(view.getUint8(at)) * P5)), 11n) * P1);
  hash = cut((hash ^ (hash >> 33n)) * P2);
  hash = cut((hash ^ (hash >> 29n)) * P3);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}
