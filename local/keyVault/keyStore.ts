import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { p256, p384 } from '@noble/curves/nist.js';

/** Curve is what a key is on. The product takes P-256; the other one is there to be refused. */
export type Curve = 'P-256' | 'P-384';

/** StoredKey is one version of a key. */
export interface StoredKey {
  readonly name: string;
  readonly version: string;
  readonly curve: Curve;
  /** hex */
  readonly secret: string;
  /** seconds since the Unix epoch */
  readonly created: number;
}

/** KeyStore keeps keys. What add resolved to is on disk, when there is a folder. */
export interface KeyStore {
  /** find gives a version of a key; without one, the newest. */
  find(name: string, version?: string): StoredKey | undefined;
  add(name: string, curve: Curve): Promise<StoredKey>;
}

const CURVES = { 'P-256': p256, 'P-384': p384 } as const;
const ALGORITHMS = { 'P-256': 'ES256', 'P-384': 'ES384' } as const;
const DIGEST_BYTES = { 'P-256': 32, 'P-384': 48 } as const;

/** loadKeyStore reads the keys that an earlier vault kept in dataDir, or starts with none. */
export async function loadKeyStore(dataDir: string | undefined): Promise<KeyStore> {
  let keys: readonly StoredKey[] = [];
  if (dataDir !== undefined) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    keys = await readKeys(join(dataDir, 'keys.json'));
  }
  let last: Promise<unknown> = Promise.resolve();
  const add = async (name: string, curve: Curve): Promise<StoredKey> => {
    const key: StoredKey = {
      name,
      version: randomBytes(16).toString('hex'),
      curve,
      secret: Buffer.from(CURVES[curve].utils.randomSecretKey()).toString('hex'),
      created: Math.floor(Date.now() / 1000),
    };
    // Durable point. If we die before the rename, nobody has seen the key.
    if (dataDir !== undefined) await writeKeys(join(dataDir, 'keys.json'), [...keys, key]);
    keys = [...keys, key];
    return key;
  };
  return {
    find: (name, version) =>
      keys.findLast((key) => key.name === name && (version === undefined || key.version === version)),
    add: async (name, curve) => {
      const turn = last.then(async () => add(name, curve));
      last = turn.catch(() => undefined); // the caller of the failed step gets its error
      return turn;
    },
  };
}

/** publicPoint gives the coordinates of a key. */
export function publicPoint({ curve, secret }: StoredKey): { readonly x: Buffer; readonly y: Buffer } {
  const point = Buffer.from(CURVES[curve].getPublicKey(Buffer.from(secret, 'hex'), false)).subarray(1);
  return { x: point.subarray(0, point.length / 2), y: point.subarray(point.length / 2) };
}

/** signDigest gives r || s, or what is wrong with the request. node:crypto can't: it hashes what it is to sign. */
export function signDigest({ curve, secret }: StoredKey, algorithm: unknown, digest: Buffer): Buffer | string {
  if (algorithm !== ALGORITHMS[curve]) return `a key on ${curve} signs with ${ALGORITHMS[curve]}`;
  if (digest.length !== DIGEST_BYTES[curve]) {
    return `${ALGORITHMS[curve]} signs a digest of ${DIGEST_BYTES[curve]} bytes, not of ${digest.length}`;
  }
  return Buffer.from(CURVES[curve].sign(digest, Buffer.from(secret, 'hex'), { prehash: false, lowS: false }));
}

async function readKeys(path: string): Promise<readonly StoredKey[]> {
  try {
    const saved: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!Array.isArray(saved)) throw new Error('it has no list of keys');
    return saved as readonly StoredKey[];
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return [];
    throw new Error(`the keys in ${path} can't be read; restore the file or start with an empty folder`, {
      cause: error,
    });
  }
}

async function writeKeys(path: string, keys: readonly StoredKey[]): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(keys));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
