import { generateKeyPairSync, sign } from 'node:crypto';
import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { ecdsaDigest, ecdsaSignature, rawFromDer } from '../../../src/core/note/vaultSignature.ts';
import { createVerifierKey, formatVerifierKey } from '../../../src/core/note/verifierKey.ts';
import type { VerifierKey } from '../../../src/core/note/verifierKey.ts';
import type { SignatureLine } from '../../../src/core/note/signatureLine.ts';
import { joinSigned } from '../../../src/core/signed/documentSignature.ts';
import { auditorName, openReportSignature, reportMessage } from '../../../src/core/signed/reportSignature.ts';
import { LEDGER } from '../../support/forge.ts';
import { coded, oneByteChanges, takenOf } from '../../support/logVectors.ts';
import { isForeign, openReferenceReport } from '../../support/referenceSignature.ts';
import { signReport } from '../../support/sign.ts';

const NAME = 'reports/000000000042.json';
const SIGNED = Buffer.from('{"report":{"version":1,"who":"é"}');
const foreign = coded('FOREIGN_OBJECT');

interface Auditor {
  readonly key: VerifierKey;
  readonly sign: (text: string) => SignatureLine;
}

const ED25519 = createSignerKey(auditorName(LEDGER), Buffer.alloc(32, 100));

/** An auditor whose P-256 key is in a vault, which gives r || s for a digest. */
function vaultAuditor(): Auditor {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = createVerifierKey(auditorName(LEDGER), 'ecdsa', publicKey.export({ format: 'der', type: 'spki' }));
  const raw = (text: string): Buffer =>
    sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { key, sign: (text) => ecdsaSignature(text, key, raw(text)) };
}

const KINDS: readonly (readonly [string, Auditor])[] = [
  ['Ed25519', { key: ED25519.verifierKey, sign: (text) => signNote(text, ED25519) }],
  ['P-256', vaultAuditor()],
];

describe.each(KINDS)('a report signed with %s', (_kind, { key, sign: signText }) => {
  const bytes = joinSigned(SIGNED, key, signText(reportMessage(LEDGER, NAME, SIGNED)));
  const byHand = (report: Buffer, name = NAME): string =>
    openReferenceReport(report, name, LEDGER, [formatVerifierKey(key)]);

  test('opens, and by hand, and is JSON', () => {
    expect(openReportSignature(bytes, LEDGER, NAME, [key])).toEqual(SIGNED);
    expect(byHand(bytes)).toBe('{"version":1,"who":"é"}');
    expect(JSON.parse(bytes.toString())).toMatchObject({ report: { version: 1, who: 'é' }, key: key.keyId });
    expect(bytes.length - SIGNED.length).toBe(122);
  });

  test('is good for its name and its ledger alone', () => {
    for (const [ledger, name] of [
      [LEDGER, 'reports/000000000043.json'],
      ['other.example.com/x', NAME],
      [auditorName(LEDGER), NAME],
      [LEDGER, ''],
    ] as const)
      expect(() => openReportSignature(bytes, ledger, name, [key])).toThrow(foreign);
  });

  test('is foreign with a changed byte, and with an end or a beginning that was cut', () => {
    const cuts = Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at + 1)]);
    const open = (bad: Buffer): unknown => openReportSignature(bad, LEDGER, NAME, [key]);
    expect(takenOf([...oneByteChanges(bytes), ...cuts.flat()], isForeign, open, byHand)).toEqual([]);
  });

  test('is foreign to whoever has other keys, and opens for whoever has several', () => {
    const other = createSignerKey(auditorName(LEDGER), Buffer.alloc(32, 7)).verifierKey;
    const open = (...keys: readonly VerifierKey[]): Buffer => openReportSignature(bytes, LEDGER, NAME, keys);
    for (const keys of [[], [other], [{ ...key, keyName: LEDGER }], [{ ...key, type: 'cosignature' as const }]])
      expect(() => open(...keys)).toThrow(foreign);
    expect(open(other, key)).toEqual(SIGNED);
    // Of two keys whose IDs are the same, either may have signed.
    expect(open({ ...other, keyId: key.keyId }, key)).toEqual(SIGNED);
  });
});

test('core signs as the hand does', () => {
  const line = signNote(reportMessage(LEDGER, NAME, SIGNED), ED25519);
  expect(joinSigned(SIGNED, ED25519.verifierKey, line)).toEqual(signReport(SIGNED, NAME, LEDGER));
});

test('rawFromDer is the inverse of derFromRaw, also where r or s is short or begins with a high bit', () => {
  const { key, sign: signText } = vaultAuditor();
  for (let n = 0; n < 600; n++) {
    const text = `text ${n}\n`;
    const { signature } = signText(text);
    expect(ecdsaDigest(text)).toHaveLength(32);
    expect(ecdsaSignature(text, key, rawFromDer(signature)).signature).toEqual(signature);
  }
});
