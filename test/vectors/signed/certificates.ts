import { LEDGER } from '../../support/forge.ts';
import { certificateOf, signedNote } from '../../support/sign.ts';
import type { HandSession } from '../../support/sign.ts';
import { NEW, OLD, OTHER, STRANGER } from './keys.ts';
import type { KeyLabel } from './keys.ts';

/** CertificateCase is one of `certificates` in signed.json: a note, the role that is asked for, and whose signatures count. */
export interface CertificateCase {
  readonly name: string;
  readonly expect: 'valid' | 'foreign';
  readonly role: 'segments' | 'batches';
  /** null: nobody's signatures are looked at */
  readonly trusted: readonly KeyLabel[] | null;
  readonly note: string;
}

const FROM = '2026-12-03T00:00:00.000Z';
const UNTIL = '2026-12-04T00:00:00.000Z';

/** smallOrder prints a point by the first byte of its encoding and all others. */
function smallOrder(first: string, others: string): string {
  return Buffer.from(`${first}${others.repeat(31)}`, 'hex').toString('base64');
}

type Edit = readonly [name: string, from: string | RegExp, to: string];

/** What makes the text of a certificate, with a signature that is right, none. */
const EDITS: readonly Edit[] = [
  ['without /sealer', '/sealer\n', '\n'],
  ['with another end of the name', '/sealer\n', '/auditor\n'],
  ['with another word', 'auditseal certificate', 'auditseal certificates'],
  ['with a number in the place of the word', 'auditseal certificate', '17'],
  ['for a role that does not exist', '\nsegments\n', '\nreports\n'],
  ['for no role', '\nsegments\n', '\n\n'],
  ['for two roles', '\nsegments\n', '\nsegments batches\n'],
  ['with a key of 31 bytes', /[A-Za-z0-9+/]{43}=/, Buffer.alloc(31, 7).toString('base64')],
  ['with a key of 33 bytes', /[A-Za-z0-9+/]{43}=/, Buffer.alloc(33, 7).toString('base64')],
  ['with a key whose base64 has spare bits', /([A-Za-z0-9+/]{42})[A-Za-z0-9+/]=/, '$1B='],
  ['with a key whose base64 is not padded', /([A-Za-z0-9+/]{43})=/, '$1'],
  ['with a key that is the point of order 1', /[A-Za-z0-9+/]{43}=/, smallOrder('01', '00')],
  ['with a key that is a point of order 8', /[A-Za-z0-9+/]{43}=/, 'JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU='],
  ['with a key of small order in another encoding', /[A-Za-z0-9+/]{43}=/, smallOrder('ee', 'ff')],
  ['from a day that does not exist', FROM, '2026-02-30T00:00:00.000Z'],
  ['from a time without milliseconds', FROM, '2026-12-03T00:00:00Z'],
  ['until no time', UNTIL, ''],
  ['until before it begins', UNTIL, '2026-12-02T23:59:59.999Z'],
  ['for a millisecond more than 24 hours', UNTIL, '2026-12-04T00:00:00.001Z'],
  ['of version 0', '\n1\n', '\n0\n'],
  ['of a version with a zero before it', '\n1\n', '\n01\n'],
  ['of a version that is a text', '\n1\n', '\none\n'],
  ['of no version', '\n1\n', '\n\n'],
  ['of a version above 2^53 - 1', '\n1\n', '\n9007199254740993\n'],
  ['with an eighth line', `${UNTIL}\n`, `${UNTIL}\nmore\n`],
  ['without its last line', `${UNTIL}\n`, ''],
  ['with lines that end in CR LF', /\n/g, '\r\n'],
  ['with a space at the end of a line', '\nsegments\n', '\nsegments \n'],
  ['that begins with a byte order mark', /^/, '\ufeff'],
];

/** certificateCases builds certificates, good and bad ones. */
export function certificateCases(): CertificateCase[] {
  const of = (changes: Partial<HandSession> = {}): string =>
    certificateOf({ ledger: LEDGER, from: FROM, until: UNTIL, ...changes });
  const it = (
    expect: CertificateCase['expect'],
    name: string,
    note: string,
    trusted: readonly KeyLabel[] | null = ['old'],
    role: CertificateCase['role'] = 'segments',
  ): CertificateCase => ({ name, expect, role, trusted, note });
  const good = of();
  const [text, lines] = [good.slice(0, good.indexOf('\n\n') + 1), linesOf(good)];
  const wrong = wrongLine(lines);
  return [
    it('valid', 'for segments', good),
    it('valid', 'for batches', of({ role: 'batches' }), ['old'], 'batches'),
    it('valid', 'for one moment', of({ until: FROM })),
    it('valid', 'for what a later release signs', of({ version: 2 })),
    it('valid', 'of two keys, of which the old one is trusted', of({ keys: [OLD, NEW] })),
    it('valid', 'of two keys, of which the new one is trusted', of({ keys: [OLD, NEW] }), ['new']),
    it('valid', 'of two keys that are trusted', of({ keys: [NEW, OLD] }), ['old', 'new']),
    it('valid', 'with a wrong signature by a key that is not trusted', `${good}${wrongLine(linesOf(of({ keys: [STRANGER] })))}`),
    it('valid', 'of a stranger, where nobody’s signatures are looked at', of({ keys: [STRANGER] }), null),
    it('foreign', 'for the other role', good, ['old'], 'batches'),
    it('foreign', 'of another ledger', certificateOf({ ledger: OTHER.name, keys: [OTHER] }), ['old', 'other']),
    it('foreign', 'of a stranger with the name of the log', of({ keys: [STRANGER] })),
    it('foreign', 'of the key of another ledger', of({ keys: [OTHER] }), ['old', 'other']),
    it('foreign', 'of an auditor', of({ keys: [{ name: `${LEDGER}/auditor`, seed: 100 }] }), ['old', 'auditor']),
    it('foreign', 'of nobody, where one key is trusted', of({ keys: [] })),
    it('foreign', 'of nobody, where nobody’s signatures are looked at', of({ keys: [] }), null),
    it('foreign', 'with a wrong signature', `${text}\n${wrong}`),
    it('foreign', 'with a right signature and a wrong one by a trusted key', `${text}\n${lines}${wrong}`),
    it('foreign', 'with a wrong signature by the second trusted key', `${good}${wrongLine(linesOf(of({ keys: [NEW] })))}`, ['old', 'new']),
    it('foreign', 'signed as another text', `${text.replace('batches', 'segments').replace(UNTIL, FROM)}\n${lines}`),
    it('foreign', 'whose signature names a key of another name', `${text}\n${lines.replace(LEDGER, OTHER.name)}`),
    it('foreign', 'with 101 signatures', `${good}${lines.repeat(100)}`),
    it('foreign', 'of more than 64 KiB', signedNote(text, [OLD, { name: 'a'.repeat(66_000), seed: 3 }])),
    it('foreign', 'without LF at the end', good.slice(0, -1)),
    it('foreign', 'with a line behind its signatures that is none', `${good}more\n`),
    it('foreign', 'of no text', signedNote('', [OLD])),
    it('foreign', 'that is a checkpoint', signedNote(`${LEDGER}\n1\n${Buffer.alloc(32).toString('base64')}\n`, [OLD])),
    ...EDITS.map(([name, from, to]) => it('foreign', name, of({ edit: (whole) => changed(whole, from, to) }))),
    ...EDITS.slice(0, 3).map(([name, from, to]) =>
      it('foreign', `${name}, where nobody’s signatures are looked at`, of({ edit: (whole) => changed(whole, from, to) }), null),
    ),
  ];
}

function changed(text: string, from: string | RegExp, to: string): string {
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`nothing to change: ${String(from)}`);
  return edited;
}

const linesOf = (note: string): string => note.slice(note.lastIndexOf('\n\n') + 2);

/** A signature line with another last byte of the signature. */
function wrongLine(line: string): string {
  const [dash, name, base64 = ''] = line.slice(0, -1).split(' ');
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return `${dash} ${name} ${bytes.toString('base64')}\n`;
}
