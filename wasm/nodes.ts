// Merkle tree nodes (RFC 6962 section 2.1): SHA-256(0x01 || left || right), four of them at a time. Each 32-bit word of SHA-256
// (FIPS 180-4) is a vector here that holds that word of four messages.

/** How many leaves a call takes at most. */
const MOST: i32 = 1024;
/** The hashes under work, 32 bytes each, with room for the lanes of the last step that hold no node. */
const HASHES: usize = memory.data(MOST * 32 + 512, 16) + 64;

/** The 64 words of a block's message schedule, and the same with the round's constant added. */
const WORDS: usize = memory.data(64 * 16, 16);
const KEYED: usize = memory.data(64 * 16, 16);
/** The eight words of the hash so far. */
const STATE: usize = memory.data(8 * 16, 16);

/** The constants of the 64 rounds. */
const K: usize = memory.data<u32>(
  [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
  ],
  16,
);
const INITIAL: usize = memory.data<u32>(
  [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  16,
);

/**
 * The second block of a node holds the last byte of its right child and the padding, and nothing else. So there are 256 of
 * them, whose schedules, constants added, are computed once: 64 words each.
 */
const LAST_BLOCKS: usize = memory.data(256 * 256, 16);
let hasLastBlocks = false;

export const leaves: usize = HASHES;
export const mostLeaves: i32 = MOST;

/** root gives the root over `count` leaves, 1 to mostLeaves, that stand at `leaves`: it stands there then, in place of the first. It gives 0. */
export function root(count: i32): i32 {
  if (!hasLastBlocks) fillLastBlocks();
  while (count > 1) {
    const pairs = count >> 1;
    const isOdd = (count & 1) == 1;
    // Four nodes are written where there may be fewer, so the one without a sibling is taken up first.
    const single = HASHES + ((<usize>count - 1) << 5);
    const first = v128.load(single);
    const second = v128.load(single, 16);
    for (let pair: usize = 0; pair < <usize>pairs; pair += 4) fourNodes(HASHES + (pair << 6), HASHES + (pair << 5));
    if (isOdd) {
      const to = HASHES + ((<usize>pairs) << 5);
      v128.store(to, first);
      v128.store(to, second, 16);
    }
    count = pairs + <i32>isOdd;
  }
  return 0;
}

/** fourNodes hashes the four pairs of hashes from `from` on, and writes the nodes from `to` on, which may be the same place. */
function fourNodes(from: usize, to: usize): void {
  // The message is 0x01 and 64 bytes: each word begins one byte before the bytes of the hashes that it holds.
  for (let part: usize = 0; part < 64; part += 16) {
    const at = from + part - 1;
    transpose(
      swapBytes(v128.load(at)),
      swapBytes(v128.load(at + 64)),
      swapBytes(v128.load(at + 128)),
      swapBytes(v128.load(at + 192)),
      WORDS + (part << 2),
    );
  }
  const word = v128.and(v128.load(WORDS), i32x4.splat(0x00ffffff));
  v128.store(WORDS, v128.or(word, i32x4.splat(0x01000000)));
  for (let t: usize = 0; t < 16; t++)
    v128.store(KEYED + (t << 4), i32x4.add(v128.load(WORDS + (t << 4)), v128.load_splat<u32>(K + (t << 2))));
  for (let t: usize = 16; t < 64; t++) {
    const at = WORDS + (t << 4);
    const word = i32x4.add(
      i32x4.add(smallSigma1(v128.load(at - 32)), v128.load(at - 112)),
      i32x4.add(smallSigma0(v128.load(at - 240)), v128.load(at - 256)),
    );
    v128.store(at, word);
    v128.store(KEYED + (t << 4), i32x4.add(word, v128.load_splat<u32>(K + (t << 2))));
  }
  for (let i: usize = 0; i < 8; i++) v128.store(STATE + (i << 4), v128.load_splat<u32>(INITIAL + (i << 2)));
  rounds();

  const one = LAST_BLOCKS + ((<usize>load<u8>(from + 63)) << 8);
  const two = LAST_BLOCKS + ((<usize>load<u8>(from + 127)) << 8);
  const three = LAST_BLOCKS + ((<usize>load<u8>(from + 191)) << 8);
  const four = LAST_BLOCKS + ((<usize>load<u8>(from + 255)) << 8);
  for (let part: usize = 0; part < 256; part += 16)
    transpose(
      v128.load(one + part),
      v128.load(two + part),
      v128.load(three + part),
      v128.load(four + part),
      KEYED + (part << 2),
    );
  rounds();

  for (let half: usize = 0; half < 32; half += 16) {
    const at = STATE + (half << 2);
    transpose(v128.load(at), v128.load(at + 16), v128.load(at + 32), v128.load(at + 48), WORDS);
    for (let node: usize = 0; node < 4; node++)
      v128.store(to + (node << 5) + half, swapBytes(v128.load(WORDS + (node << 4))));
  }
}

/** rounds takes the block whose schedule is at KEYED into STATE. */
function rounds(): void {
  let a = v128.load(STATE);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  // Eight rounds, so that each variable is back in its place.
  for (let at = KEYED; at < KEYED + 64 * 16; at += 8 * 16) {
    h = first(e, f, g, h, v128.load(at));
    d = i32x4.add(d, h);
    h = second(a, b, c, h);
    g = first(d, e, f, g, v128.load(at, 16));
    c = i32x4.add(c, g);
    g = second(h, a, b, g);
    f = first(c, d, e, f, v128.load(at, 32));
    b = i32x4.add(b, f);
    f = second(g, h, a, f);
    e = first(b, c, d, e, v128.load(at, 48));
    a = i32x4.add(a, e);
    e = second(f, g, h, e);
    d = first(a, b, c, d, v128.load(at, 64));
    h = i32x4.add(h, d);
    d = second(e, f, g, d);
    c = first(h, a, b, c, v128.load(at, 80));
    g = i32x4.add(g, c);
    c = second(d, e, f, c);
    b = first(g, h, a, b, v128.load(at, 96));
    f = i32x4.add(f, b);
    b = second(c, d, e, b);
    a = first(f, g, h, a, v128.load(at, 112));
    e = i32x4.add(e, a);
    a = second(b, c, d, a);
  }
  v128.store(STATE, i32x4.add(v128.load(STATE), a));
  v128.store(STATE, i32x4.add(v128.load(STATE, 16), b), 16);
  v128.store(STATE, i32x4.add(v128.load(STATE, 32), c), 32);
  v128.store(STATE, i32x4.add(v128.load(STATE, 48), d), 48);
  v128.store(STATE, i32x4.add(v128.load(STATE, 64), e), 64);
  v128.store(STATE, i32x4.add(v128.load(STATE, 80), f), 80);
  v128.store(STATE, i32x4.add(v128.load(STATE, 96), g), 96);
  v128.store(STATE, i32x4.add(v128.load(STATE, 112), h), 112);
}

/** The first sum of a round, FIPS 180-4 section 6.2.2: T1 = h + Σ1(e) + Ch(e, f, g) + K + W. */
function first(e: v128, f: v128, g: v128, h: v128, keyed: v128): v128 {
  const sigma = v128.xor(v128.xor(rotateRight(e, 6), rotateRight(e, 11)), rotateRight(e, 25));
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
  return i32x4.add(i32x4.add(h, keyed), i32x4.add(sigma, choice));
}

/** What a becomes: T1 + Σ0(a) + Maj(a, b, c). */
function second(a: v128, b: v128, c: v128, t1: v128): v128 {
  const sigma = v128.xor(v128.xor(rotateRight(a, 2), rotateRight(a, 13)), rotateRight(a, 22));
  const majority = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
  return i32x4.add(t1, i32x4.add(sigma, majority));
}

function rotateRight(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 7), rotateRight(x, 18)), i32x4.shr_u(x, 3));
}

function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 17), rotateRight(x, 19)), i32x4.shr_u(x, 10));
}

/** swapBytes turns the bytes of each word round: messages are big-endian. */
function swapBytes(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** transpose writes four vectors to `to`: the first words of a, b, c and d, then the second ones, and so on. */
function transpose(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab01 = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const cd01 = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const ab23 = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const cd23 = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(ab01, cd01, 0, 2));
  v128.store(to, v128.shuffle<u64>(ab01, cd01, 1, 3), 16);
  v128.store(to, v128.shuffle<u64>(ab23, cd23, 0, 2), 32);
  v128.store(to, v128.shuffle<u64>(ab23, cd23, 1, 3), 48);
}

/** fillLastBlocks computes LAST_BLOCKS: the byte, the bit that ends a message, zeros, and the length of 520 bits. */
function fillLastBlocks(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const row = LAST_BLOCKS + ((<usize>byte) << 8);
    for (let t: usize = 1; t < 15; t++) store<u32>(row + (t << 2), 0);
    store<u32>(row, (byte << 24) | 0x00800000);
    store<u32>(row, 520, 60);
    for (let t: usize = 16; t < 64; t++) {
      const at = row + (t << 2);
      const w2 = load<u32>(at - 8);
      const w15 = load<u32>(at - 60);
      const sigma1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
      const sigma0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
      store<u32>(at, sigma1 + load<u32>(at - 28) + sigma0 + load<u32>(at - 64));
    }
    for (let t: usize = 0; t < 64; t++) store<u32>(row + (t << 2), load<u32>(row + (t << 2)) + load<u32>(K + (t << 2)));
  }
  hasLastBlocks = true;
}
