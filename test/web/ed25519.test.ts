import { createHash, createPublicKey, verify } from 'node:crypto';
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { createVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parseCertificate } from '../../src/core/signed/certificate.ts';
import { parseCertificate as parseInPage } from '../../web/verify/signed/certificate.ts';
import { parseVerifierKey, verifyEd25519, verifyOwn } from '../../web/verify/verifierKey.ts';
import { LEDGER } from '../support/forge.ts';
import { certificateOf } from '../support/sign.ts';

// Where readers could disagree on a signature, who has a session's key could show each another log.

const L = ed25519.Point.Fn.ORDER;
const P = 2n ** 255n - 19n;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const numberOf = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
const bytesOf = (n: bigint): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n)));
const sha512 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha512').update(Buffer.concat(parts)).digest();

/** coreSays is what the core does: OpenSSL. */
const coreSays = (key: Buffer, message: Buffer, signature: Buffer): boolean =>
  verify(null, message, createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' }), signature);

async function expectSame(key: Buffer, message: Buffer, signature: Buffer): Promise<boolean> {
  const expected = coreSays(key, message, signature);
  const own = [key, message, signature].map((bytes) => new Uint8Array(bytes)) as [
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
  ];
  expect(verifyOwn(...own)).toBe(expected);
  expect(await verifyEd25519(...own)).toBe(expected);
  return expected;
}

const SECRET = Buffer.alloc(32, 200);
const KEY = Buffer.from(ed25519.getPublicKey(SECRET));
const { scalar } = ed25519.utils.getExtendedPublicKey(SECRET);
const MESSAGE = Buffer.from('auditseal batch\nx');
/** The points of small order, and what else decodes to one: y with p added, and x = 0 with a sign. */
const SMALL = ED25519_TORSION_SUBGROUP.flatMap((hex) => {
  const bytes = Buffer.from(hex, 'hex');
  const y = numberOf(bytes) % 2n ** 255n;
  const sign = numberOf(bytes) - y;
  return [y, y + P].flatMap((other) =>
    other < 2n ** 255n ? [bytesOf(other + sign), bytesOf(other + (2n ** 255n - sign))] : [],
  );
});

/** signedWith signs with a key whose holder adds a point to R. */
function signedWith(point: InstanceType<typeof ed25519.Point>, addend = 0n): Buffer {
  const r = 123_456_789n;
  const R = Buffer.from(ed25519.Point.BASE.multiply(r).add(point).toBytes());
  const h = numberOf(sha512(R, KEY, MESSAGE)) % L;
  return Buffer.concat([R, bytesOf(((r + h * scalar) % L) + addend)]);
}

test('a point of small order added to R makes a signature that nobody takes', async () => {
  const points = ED25519_TORSION_SUBGROUP.map((hex) => ed25519.Point.fromHex(hex));
  const taken: boolean[] = [];
  for (const point of points) taken.push(await expectSame(KEY, MESSAGE, signedWith(point)));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('s is below the order of the group', async () => {
  expect(await expectSame(KEY, MESSAGE, signedWith(ed25519.Point.ZERO))).toBe(true);
  expect(await expectSame(KEY, MESSAGE, signedWith(ed25519.Point.ZERO, L))).toBe(false);
});

test('R of small order, however it is encoded, is what OpenSSL takes it for', async () => {
  for (const R of SMALL)
    for (const s of [0n, 1n]) expect(await expectSame(KEY, MESSAGE, Buffer.concat([R, bytesOf(s)]))).toBe(false);
});

// Releases of OpenSSL differ on them.
test('a point of small order, however it is encoded, is no key, neither of a log nor of a session', async () => {
  expect(new Set(SMALL.map(String)).size).toBeGreaterThan(8);
  for (const material of SMALL) {
    expect(() => createVerifierKey(LEDGER, 'ed25519', material)).toThrow('small order');
    const typed = Buffer.concat([Buffer.of(1), material]);
    const id = createHash('sha256').update(`${LEDGER}\n`).update(typed).digest('hex').slice(0, 8);
    await expect(parseVerifierKey(`${LEDGER}+${id}+${typed.toString('base64')}`)).rejects.toThrow('small order');
    const [text = ''] = certificateOf({
      ledger: LEDGER,
      edit: (text) => text.replace(/^.{43}=$/m, material.toString('base64')),
    }).split('\n\n');
    expect(() => parseCertificate(`${text}\n`)).toThrow('small order');
    expect(() => parseInPage(`${text}\n`)).toThrow('small order');
  }
});

test('what is no point of the curve is no key', async () => {
  for (let y = 2n; y < 20n; y++) await expectSame(bytesOf(y), MESSAGE, Buffer.alloc(64));
});
