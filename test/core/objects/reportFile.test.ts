import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { AuditsealError } from '../../../src/core/errors.ts';
import { cosignatureKey } from '../../../src/core/note/cosignature.ts';
import { ecdsaSignature } from '../../../src/core/note/vaultSignature.ts';
import { createVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { reportName } from '../../../src/core/objects/names.ts';
import type { PostureReport, Report } from '../../../src/core/objects/report.ts';
import { formatReport, formatUnsigned, openReport, parseReport } from '../../../src/core/objects/reportFile.ts';
import { joinSigned } from '../../../src/core/signed/documentSignature.ts';
import { reportMessage } from '../../../src/core/signed/reportSignature.ts';
import { check } from '../../support/checking.ts';
import { LEDGER, forgeChain } from '../../support/forge.ts';
import { AUDITOR, keyOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { AUDITORS, filed } from '../../support/reports.ts';
import { signReport } from '../../support/sign.ts';

const NAME = reportName(7);
const POSTURE: PostureReport = {
  version: 1,
  kind: 'posture',
  account: 'account1',
  container: 'ledger',
  time: '2026-11-22T10:00:07.250Z',
  status: 'verified',
  retentionDays: 365,
  guard: null,
  settings: null,
  locks: null,
  roles: null,
  findings: [],
  notChecked: [],
  unreadable: [],
};
let report: Report;
beforeAll(async () => {
  report = await check(new MemoryStore(forgeChain(2)));
});

const faultOf = (action: () => unknown): string => {
  try {
    action();
    return 'none';
  } catch (error) {
    return (error as AuditsealError).code;
  }
};

/** flips gives the bytes with each of their bits changed in turn. */
function* flips(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    yield changed;
  }
}

describe('a report that a user keeps', () => {
  const hashed = (text: string): Buffer =>
    Buffer.from(`{"report":${text},"sha256":"${createHash('sha256').update(text).digest('hex')}"}\n`);

  test('is read back as it was, and its hash is that of its own text', () => {
    const bytes = formatReport(report);
    expect(parseReport(bytes)).toEqual(report);
    expect(bytes).toEqual(hashed(JSON.stringify(report)));
  });

  test('may be the one that was filed', () => {
    expect(parseReport(filed(report, NAME))).toEqual(report);
  });

  test('every one-bit change is refused', () => {
    for (const changed of flips(formatReport(report)))
      expect(faultOf(() => parseReport(changed))).toBe('REPORT_MALFORMED');
  });

  test('anything else is refused, also with a hash that fits', () => {
    const bytes = formatReport(report);
    const without = (name: keyof Report): string => JSON.stringify({ ...report, [name]: undefined });
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('{}'),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from('\n')]),
      formatUnsigned(report),
      formatReport(POSTURE),
      hashed('null'),
      hashed('{}'),
      hashed('{"version":1}'),
      hashed('not JSON'),
      hashed(JSON.stringify({ ...report, version: 2 })),
      hashed(JSON.stringify(report, undefined, 1)),
      hashed(JSON.stringify({ ...report, partitions: [{ ...report.partitions[0], partition: '../0' }] })),
      hashed(JSON.stringify({ ...report, findings: [{ code: 1 }] })),
      ...(Object.keys(report) as (keyof Report)[]).map((name) => hashed(without(name))),
    ];
    for (const one of wrong) expect(faultOf(() => parseReport(one))).toBe('REPORT_MALFORMED');
  });
});

describe('a report that is filed', () => {
  test.each<[string, () => Report | PostureReport]>([
    ['integrity', () => report],
    ['posture', () => POSTURE],
  ])('of kind %s is read back as it was, and is JSON', (_kind, original) => {
    const bytes = filed(original(), NAME);
    expect(openReport(bytes, NAME, AUDITORS)).toEqual(original());
    expect(openReport(bytes, NAME, undefined)).toEqual(original());
    expect(JSON.parse(bytes.toString())).toMatchObject({
      report: original(),
      key: AUDITOR.verifierKey.keyId,
      signature: expect.stringMatching(/^[A-Za-z0-9+/=]{88}$/) as string,
    });
  });

  test('every one-bit change is foreign', () => {
    for (const changed of flips(filed(POSTURE, NAME)))
      expect(faultOf(() => openReport(changed, NAME, AUDITORS))).toBe('FOREIGN_OBJECT');
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['no signature', () => formatReport(report)],
    ['nothing', () => Buffer.alloc(0)],
    ['a signature and nothing before it', (bytes) => bytes.subarray(-122)],
    ['the signature of another report', (bytes) => Buffer.concat([formatUnsigned(POSTURE), bytes.subarray(-122)])],
    ['a key that nobody knows', () => filed(report, NAME, 101)],
    ['another number', () => filed(report, reportName(8))],
    ['another ledger', () => signReport(formatUnsigned(report), NAME, 'logs.example.com/other')],
    ['something behind it', (bytes) => Buffer.concat([bytes, Buffer.from('\n')])],
  ])('with %s is foreign', (_what, change) => {
    expect(faultOf(() => openReport(change(filed(report, NAME)), NAME, AUDITORS))).toBe('FOREIGN_OBJECT');
  });

  test('counts with every key of the auditor, retired ones too, and with no key of another role or name', () => {
    const bytes = filed(report, NAME);
    const [old, log] = [keyOf(101, `${LEDGER}/auditor`), keyOf(100)];
    const opens = (...verifiers: (typeof AUDITORS.verifiers)[number][]): boolean =>
      faultOf(() => openReport(bytes, NAME, { ledger: LEDGER, verifiers })) === 'none';
    expect(opens(old.verifierKey, AUDITOR.verifierKey)).toBe(true);
    expect(opens(old.verifierKey)).toBe(false);
    expect(opens(log.verifierKey)).toBe(false);
    expect(opens(cosignatureKey(AUDITOR.verifierKey))).toBe(false);
    expect(opens()).toBe(false);
  });

  test.each<[string, () => string]>([
    ['of another shape', () => '{"version":1}'],
    ['of a later version', () => JSON.stringify({ ...POSTURE, version: 2 })],
    ['with white space', () => JSON.stringify(POSTURE, undefined, 1)],
    ['with a member twice', () => JSON.stringify(POSTURE).replace('{', '{"status":"violated",')],
    ['that is no JSON', () => 'not JSON'],
  ])('%s is malformed, whoever signed it', (_what, text) => {
    const bytes = signReport(Buffer.from(`{"report":${text()}`), NAME, LEDGER);
    expect(faultOf(() => openReport(bytes, NAME, AUDITORS))).toBe('REPORT_MALFORMED');
  });

  test('of a key in a vault has r || s of P-256, not DER', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const key = createVerifierKey(`${LEDGER}/auditor`, 'ecdsa', spki);
    const auditors = { ledger: LEDGER, verifiers: [key] };
    // r and s may be short: DER then has fewer bytes.
    for (let i = 0; i < 300; i++) {
      const message = reportMessage(LEDGER, reportName(i), formatUnsigned(POSTURE));
      const raw = sign('sha256', Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      const bytes = joinSigned(formatUnsigned(POSTURE), key, ecdsaSignature(message, key, raw));
      expect(bytes.toString().slice(-91, -3)).toBe(raw.toString('base64'));
      expect(openReport(bytes, reportName(i), auditors)).toEqual(POSTURE);
    }
  });
});
