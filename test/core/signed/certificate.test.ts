import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { parseCheckpoint } from '../../../src/core/note/checkpoint.ts';
import { createVerifierKey, parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import {
  Certificates,
  MAX_CERTIFICATE_MS,
  certificatesFor,
  formatCertificate,
  formatSignedCertificate,
  parseCertificate,
} from '../../../src/core/signed/certificate.ts';
import type { Certificate } from '../../../src/core/signed/certificate.ts';
import { LEDGER, TRUST } from '../../support/forge.ts';
import { coded, damaged, expectExact, oneByteChanges, takenOf } from '../../support/logVectors.ts';
import { isForeign } from '../../support/referenceSignature.ts';
import { certificateOf, keyText } from '../../support/sign.ts';

const FROM = '2025-12-03T00:00:00.000Z';
const KEY = createSignerKey(LEDGER, Buffer.alloc(32, 1));
const CERTIFICATE: Certificate = {
  ledger: LEDGER,
  version: 1,
  role: 'segments',
  publicKey: createSignerKey('session', Buffer.alloc(32, 200)).verifierKey.material,
  from: FROM,
  until: '2025-12-04T00:00:00.000Z',
};
const NOTE = certificateOf({ ledger: LEDGER, from: FROM });
const foreign = coded('FOREIGN_OBJECT');
const trusting = (...keys: readonly string[]): Certificates => new Certificates(LEDGER, keys.map(parseVerifierKey));

describe('a certificate', () => {
  test('is printed as docs/format.md shows, and read back', () => {
    const text = formatCertificate(CERTIFICATE);
    expect(text).toBe(NOTE.slice(0, NOTE.indexOf('\n\n') + 1));
    expect(formatSignedCertificate(CERTIFICATE, [signNote(text, KEY)])).toBe(NOTE);
    expect(parseCertificate(text)).toEqual(CERTIFICATE);
    expect(trusting(...TRUST.keys).open(NOTE, 'segments')).toMatchObject(CERTIFICATE);
  });

  test('is read only as it is printed', () => {
    const back = (text: Buffer): string => formatCertificate(parseCertificate(text.toString()));
    const text = Buffer.from(formatCertificate(CERTIFICATE));
    expectExact(oneByteChanges(text), ['FOREIGN_OBJECT'], (it) => (it.toString() === back(it) ? it : undefined));
    expectExact(damaged(text, 1, 3000), ['FOREIGN_OBJECT'], (it) => (it.toString() === back(it) ? it : undefined));
  });

  test('is for up to 24 hours', () => {
    const lasting = (ms: number): string =>
      formatCertificate({ ...CERTIFICATE, until: new Date(Date.parse(FROM) + ms).toISOString() });
    for (const ms of [0, 1, MAX_CERTIFICATE_MS])
      expect(Date.parse(parseCertificate(lasting(ms)).until)).toBe(Date.parse(FROM) + ms);
    for (const ms of [-1, MAX_CERTIFICATE_MS + 1]) expect(() => parseCertificate(lasting(ms))).toThrow(foreign);
  });

  test('is no checkpoint', () => {
    expect(() => parseCheckpoint(formatCertificate(CERTIFICATE))).toThrow(coded('CHECKPOINT_MALFORMED'));
  });

  test('of a ledger is not one of a ledger whose name is longer or shorter', () => {
    const longer = certificateOf({ ledger: `${LEDGER}/sealer`, from: FROM, keys: [{ name: LEDGER, seed: 1 }] });
    expect(() => trusting(...TRUST.keys).open(longer, 'segments')).toThrow(foreign);
    const shorter = formatCertificate({ ...CERTIFICATE, ledger: '' });
    expect(() => parseCertificate(shorter)).toThrow(foreign);
  });
});

describe('Certificates', () => {
  test('opens no note with a changed byte, and none that was cut', () => {
    const own = trusting(...TRUST.keys);
    const bytes = Buffer.from(NOTE);
    const cuts = Array.from(bytes, (_, length) => bytes.subarray(0, length));
    const open = (bad: Buffer): unknown => own.open(bad.toString('latin1'), 'segments');
    expect(takenOf([...oneByteChanges(bytes), ...cuts], isForeign, open)).toEqual([]);
  });

  test('goes by the ledger’s name in signatures: what a witness’s key signed certifies nobody', () => {
    const witness = createVerifierKey(LEDGER, 'cosignature', KEY.verifierKey.material);
    const note = formatSignedCertificate(CERTIFICATE, [
      { keyName: LEDGER, keyId: witness.keyId, signature: Buffer.alloc(72) },
    ]);
    expect(() => new Certificates(LEDGER, [witness]).open(note, 'segments')).toThrow(foreign);
    expect(() => new Certificates(LEDGER, [witness]).open(NOTE, 'segments')).toThrow(foreign);
    expect(new Certificates(LEDGER, [witness, KEY.verifierKey]).open(NOTE, 'segments').ledger).toBe(LEDGER);
  });

  test('takes a signature by either of two keys whose IDs are the same', () => {
    const other = createSignerKey(LEDGER, Buffer.alloc(32, 9)).verifierKey;
    const alike = { ...other, keyId: KEY.verifierKey.keyId };
    expect(new Certificates(LEDGER, [alike, KEY.verifierKey]).open(NOTE, 'segments').ledger).toBe(LEDGER);
    expect(() => new Certificates(LEDGER, [alike]).open(NOTE, 'segments')).toThrow(foreign);
  });

  test('of any ledger says whose a certificate is', () => {
    const other = { name: 'other.example.com/x', seed: 1 };
    const note = certificateOf({ ledger: other.name, keys: [other] });
    const own = new Certificates(undefined, [parseVerifierKey(keyText(other)), KEY.verifierKey]);
    expect([note, NOTE].map((it) => own.open(it, 'segments').ledger)).toEqual([other.name, LEDGER]);
    expect(() => trusting(...TRUST.keys).open(note, 'segments')).toThrow('its certificate is of another ledger');
  });

  test('keeps what came of a note, and forgets it for very many others', () => {
    const own = trusting(...TRUST.keys);
    const [good, bad] = [own.open(NOTE, 'segments'), `${NOTE}x`];
    const faultOf = (note: string): unknown => {
      try {
        return own.open(note, 'segments');
      } catch (error) {
        return error;
      }
    };
    const fault = faultOf(bad);
    expect(fault).toEqual(foreign);
    expect([own.open(NOTE, 'segments'), faultOf(bad)]).toEqual([good, fault]);
    expect([own.open(NOTE, 'segments') === good, faultOf(bad) === fault]).toEqual([true, true]);
    expect(() => own.open(NOTE, 'batches')).toThrow('its certificate is for segments, not for batches');
    for (let i = 0; i < 1000; i++) faultOf(String(i));
    expect(own.open(NOTE, 'segments')).not.toBe(good);
    expect(own.open(NOTE, 'segments')).toMatchObject(CERTIFICATE);
  });
});

test('certificatesFor gives the certificates of a trust, the same ones for the same trust', () => {
  const own = certificatesFor(TRUST);
  expect(certificatesFor({ ...TRUST })).toBe(own);
  expect(own.open(NOTE, 'segments')).toMatchObject(CERTIFICATE);
  const stranger = certificateOf({ ledger: LEDGER, from: FROM, keys: [{ name: LEDGER, seed: 9 }] });
  expect(() => own.open(stranger, 'segments')).toThrow(foreign);
  expect(certificatesFor({ ledger: LEDGER }).open(stranger, 'segments').ledger).toBe(LEDGER);
  expect(certificatesFor({}).open(stranger, 'segments').ledger).toBe(LEDGER);
  expect(() => certificatesFor({ ledger: 'x/y' }).open(stranger, 'segments')).toThrow(foreign);
  expect(() => certificatesFor(TRUST).open(stranger, 'segments')).toThrow(foreign);
});
