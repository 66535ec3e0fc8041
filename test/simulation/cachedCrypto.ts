import crypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import type { ZstdOptions } from 'node:zlib';

// Schedules would spend their time in signatures and in making Zstandard contexts. So where a process says so, a hash of the
// public key and the message stands for an Ed25519 signature: it is only of who has the key, as far as a simulated attacker
// can tell, and everything else is asked of Node as ever, once. Frames hold their content as it is.

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

const { createHash, createPublicKey, verify, sign, generateKeyPairSync } = crypto;
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

/** standIn is what stands for the signature of a key under a message: 64 bytes too. */
const standIn = (key: KeyObject, message: Uint8Array): Buffer =>
  createHash('sha512').update(textOf(key), 'latin1').update(message).digest();

const verdictKey = (key: KeyObject, message: Uint8Array, signature: Uint8Array): string =>
  `${textOf(key)}${latin1(Buffer.from(signature))}${latin1(Buffer.from(message))}`;

function publicKeyOf(key: KeyObject): KeyObject {
  const own = publicOf.get(key) ?? createPublicKey(key);
  publicOf.set(key, own);
  return own;
}

const FAST_CRYPTO = {
  createPublicKey: (input: { key: Buffer; format: string } | KeyObject) =>
    'key' in input && input.format === 'der'
      ? publicKeys(latin1(input.key), () => createPublicKey(input as never))
      : createPublicKey(input as never),
  generateKeyPairSync: (type: 'ed25519') => (pairs[made++ % PAIRS] ??= generateKeyPairSync(type) as never),
  verify: (algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array) =>
    key.asymmetricKeyType === 'ed25519'
      ? standIn(key, message).equals(signature) ||
        verdicts(verdictKey(key, message, signature), () => verify(algorithm, message, key, signature))
      : verify(algorithm, message, key, signature),
  sign: (algorithm: null, message: Uint8Array, key: KeyObject) =>
    key.asymmetricKeyType === 'ed25519' ? standIn(publicKeyOf(key), message) : sign(algorithm, message, key),
};

const MAX_RAW_BLOCK = 128 * 1024;

/** rawFrame is a Zstandard frame of one block as it is: RFC 8878 lets any encoder do that, and it takes no time. */
function rawFrame(content: Buffer): Buffer {
  const head = Buffer.from('28b52ffda00000000000000000000000', 'hex').subarray(0, 12);
  head.writeUInt32LE(content.length, 5);
  head.writeUIntLE(content.length * 8 + 1, 9, 3);
  return Buffer.concat([head, content]);
}

const FAST_ZLIB = {
  zstdCompressSync: (content: Buffer, options?: object) => {
    if (content.length > MAX_RAW_BLOCK) return zstdCompressSync(content, options);
    const frame = rawFrame(content);
    contents(latin1(frame), () => Buffer.from(content));
    return frame;
  },
  zstdDecompressSync: (frame: Buffer, options?: ZstdOptions) =>
    contents(latin1(frame), () => zstdDecompressSync(frame, options)),
};

/** cacheCrypto puts them in the place of Node's own, for everything in this process. */
export function cacheCrypto(): void {
  Object.assign(crypto, FAST_CRYPTO);
  Object.assign(zlib, FAST_ZLIB);
  syncBuiltinESMExports();
}
