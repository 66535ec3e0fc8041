import crypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

// Schedules spend their time in signatures and in making Zstandard contexts, and most of it on what is the same as before. Here those
// functions of Node get a memory, for this whole process: what they answer stays what it was, and Node itself has said it once.
// Who imports this file first has them.

const MOST = 20_000;

/** memory keeps answers by text; it forgets all of them where there are too many. */
function memory<T>(): (text: string, make: () => T) => T {
  const kept = new Map<string, T>();
  return (text, make) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    if (kept.size >= MOST) kept.clear();
    const made = make();
    kept.set(text, made);
    return made;
  };
}

const latin1 = (bytes: unknown): string => (bytes as Buffer).toString('latin1');

const { createPublicKey, verify, sign, generateKeyPairSync } = crypto;
const { zstdCompressSync, zstdDecompressSync } = zlib;

const publicKeys = memory<KeyObject>();
const verdicts = memory<boolean>();
const contents = memory<Buffer>();
const texts = new WeakMap<KeyObject, string>();
const publicOf = new WeakMap<KeyObject, KeyObject>();

function textOf(key: KeyObject): string {
  const text = texts.get(key) ?? latin1(key.export({ format: 'der', type: 'spki' }));
  texts.set(key, text);
  return text;
}

/** Sessions of processes take turns with so many key pairs: making one takes longer than all else of a start. */
const PAIRS = 64;
const pairs: ReturnType<typeof generateKeyPairSync>[] = [];
let made = 0;

const asBuffer = (bytes: unknown): Buffer => Buffer.from(bytes as Uint8Array);
const verdictKey = (key: KeyObject, message: unknown, signature: unknown): string =>
  `${textOf(key)}${latin1(asBuffer(signature))}${latin1(asBuffer(message))}`;

Object.assign(crypto, {
  createPublicKey: (input: { key: Buffer; format: string } | KeyObject) =>
    'key' in input && input.format === 'der'
      ? publicKeys(latin1(input.key), () => createPublicKey(input as never))
      : createPublicKey(input as never),
  generateKeyPairSync: (type: 'ed25519') => (pairs[made++ % PAIRS] ??= generateKeyPairSync(type) as never),
  verify: (algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array) =>
    key.asymmetricKeyType === 'ed25519'
      ? verdicts(verdictKey(key, message, signature), () => verify(algorithm, message, key, signature))
      : verify(algorithm, message, key, signature),
  sign: (algorithm: null, message: Uint8Array, key: KeyObject) => {
    const signature = sign(algorithm, message, key);
    if (key.asymmetricKeyType !== 'ed25519') return signature;
    const own = publicOf.get(key) ?? createPublicKey(key);
    publicOf.set(key, own);
    verdicts(verdictKey(own, message, signature), () => true);
    return signature;
  },
});

const MAX_RAW_BLOCK = 128 * 1024;

/** rawFrame is a Zstandard frame of one block as it is: RFC 8878 lets any encoder do that, and it takes no time. */
function rawFrame(content: Buffer): Buffer {
  const head = Buffer.from('28b52ffda00000000000000000000000', 'hex').subarray(0, 12);
  head.writeUInt32LE(content.length, 5);
  head.writeUIntLE(content.length * 8 + 1, 9, 3);
  return Buffer.concat([head, content]);
}

Object.assign(zlib, {
  zstdCompressSync: (content: Buffer, options?: object) => {
    if (content.length > MAX_RAW_BLOCK) return zstdCompressSync(content, options);
    const frame = rawFrame(content);
    contents(latin1(frame), () => Buffer.from(content));
    return frame;
  },
  zstdDecompressSync: (frame: Buffer, options?: object) =>
    options !== undefined && 'info' in options
      ? zstdDecompressSync(frame, options)
      : contents(latin1(frame), () => zstdDecompressSync(frame, options)),
});
syncBuiltinESMExports();
