import { LEDGER } from '../../support/forge.ts';
import { endReport, idIn, signReport, signReportP256 } from '../../support/sign.ts';
import { KEYS, OTHER } from './keys.ts';
import type { KeyLabel } from './keys.ts';

/** SignedReportCase is one of `reports` in signed.json: what has the name of a report, and whose signatures count. */
export interface SignedReportCase {
  readonly name: string;
  readonly expect: 'valid' | 'foreign';
  readonly object: string;
  readonly auditors: readonly KeyLabel[];
  readonly bytes: Buffer;
}

const NAME = 'reports/000000000042.json';
const TEXT = Buffer.from('{"report":{"version":1,"kind":"integrity","said":"é"}');
const ALL: readonly KeyLabel[] = ['auditor', 'auditorP256'];

/** signedReportCases builds reports, good and bad ones. */
export function signedReportCases(): SignedReportCase[] {
  const it = (
    expect: SignedReportCase['expect'],
    name: string,
    bytes: Buffer,
    more: Partial<SignedReportCase> = {},
  ): SignedReportCase => ({ name, expect, object: NAME, auditors: ALL, bytes, ...more });
  const edited = (bytes: Buffer, from: string | RegExp, to: string): Buffer => {
    const text = bytes.toString('latin1');
    if (text.replace(from, to) === text) throw new Error(`nothing to change: ${String(from)}`);
    return Buffer.from(text.replace(from, to), 'latin1');
  };
  const kinds = [
    ['Ed25519', signReport(TEXT, NAME, LEDGER), 'auditor'],
    ['P-256', signReportP256(TEXT, NAME, LEDGER), 'auditorP256'],
  ] as const;
  const both = kinds.flatMap(([kind, bytes, key]) => [
    it('valid', `signed with ${kind}`, bytes),
    it('valid', `signed with ${kind}, by the only key`, bytes, { auditors: [key] }),
    it('foreign', `${kind}: by a key that is not trusted`, bytes, { auditors: ALL.filter((other) => other !== key) }),
    it('foreign', `${kind}: where no key is trusted`, bytes, { auditors: [] }),
    it('foreign', `${kind}: under the name of another number`, bytes, { object: 'reports/000000000043.json' }),
    it('foreign', `${kind}: with a changed byte`, edited(bytes, '"version":1', '"version":2')),
    it('foreign', `${kind}: with the ID of another key`, edited(bytes, `"key":"${idIn(KEYS[key])}"`, '"key":"00000000"')),
    it('foreign', `${kind}: with an ID in capitals`, edited(bytes, /"key":"[0-9a-f]+"/, `"key":"${idIn(KEYS[key]).toUpperCase()}"`)),
    it('foreign', `${kind}: with a changed signature`, edited(bytes, /"signature":"./, '"signature":"+')),
    it('foreign', `${kind}: with 64 zero bytes for a signature`, endReport(TEXT, idIn(KEYS[key]), Buffer.alloc(64))),
    it('foreign', `${kind}: without LF`, bytes.subarray(0, -1)),
    it('foreign', `${kind}: with an LF more`, Buffer.concat([bytes, Buffer.from('\n')])),
    it('foreign', `${kind}: that ends in CR LF`, edited(bytes, '\n', '\r\n')),
    it('foreign', `${kind}: with a space before its key`, edited(bytes, ',"key"', ', "key"')),
    it('foreign', `${kind}: with its signature twice`, Buffer.concat([bytes.subarray(0, -2), bytes.subarray(-122)])),
    it('foreign', `${kind}: with its first byte missing`, bytes.subarray(1)),
    it('foreign', `${kind}: nothing but a signature`, bytes.subarray(-122)),
  ]);
  const [ed25519] = kinds;
  return [
    ...both,
    it('valid', 'signed with a key that is retired, and still trusted', signReport(TEXT, NAME, LEDGER, 101), { auditors: ['auditor', 'retiredAuditor'] }),
    it('foreign', 'signed with a key that is retired', signReport(TEXT, NAME, LEDGER, 101)),
    it('foreign', 'of another ledger', signReport(TEXT, NAME, OTHER.name)),
    it('foreign', 'signed with a key of the log', edited(signReport(TEXT, NAME, LEDGER, 1), /"key":"[0-9a-f]+"/, `"key":"${idIn(KEYS.old)}"`), { auditors: ['old', ...ALL] }),
    it('foreign', 'with a base64 whose spare bits are not 0', edited(ed25519[1], /(.)=="\}\n$/, 'B=="}\n')),
    it('foreign', 'with a hash in the place of a signature, as in one that a user keeps', Buffer.from(`${TEXT.toString()},"sha256":"${'0'.repeat(64)}"}\n`)),
    it('foreign', 'nothing', Buffer.alloc(0)),
  ];
}
