import { parseCheckpoint } from '../../../src/core/note/checkpoint.ts';
import { formatNote } from '../../../src/core/note/note.ts';
import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { createVerifierKey, formatVerifierKey, parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { parseCertificate } from '../../../src/core/signed/certificate.ts';
import { formatKeyNotice, openKeyNotice } from '../../../src/core/signed/keyNotice.ts';
import { LEDGER, TRUST } from '../../support/forge.ts';
import { coded, oneByteChanges, takenOf } from '../../support/logVectors.ts';
import { isForeign, openReferenceNotice } from '../../support/referenceSignature.ts';
import { certificateOf, keyText, keyTextP256, noticeOf, signedNote } from '../../support/sign.ts';

const OLD = { name: LEDGER, seed: 1 };
const NEW = keyText({ name: LEDGER, seed: 2 });
const NOTICE = noticeOf(LEDGER, NEW, [OLD]);
const verifiers = TRUST.keys.map(parseVerifierKey);
const foreign = coded('FOREIGN_OBJECT');
const open = (note: string): string => openKeyNotice(note, verifiers);
const openByHand = (note: string): string => openReferenceNotice(note, TRUST);

test('a key of the log announces another one, or itself, of either kind', () => {
  for (const key of [NEW, TRUST.keys[0] as string, keyTextP256({ name: LEDGER, seed: 3 })]) {
    const note = noticeOf(LEDGER, key, [OLD]);
    expect([open(note), openByHand(note)]).toEqual([key, key]);
    const signer = createSignerKey(LEDGER, Buffer.alloc(32, 1));
    const text = formatKeyNotice(LEDGER, key);
    expect(formatNote({ text, signatures: [signNote(text, signer)] }).toString()).toBe(note);
  }
});

test('it is no certificate and no checkpoint, and none of them is it', () => {
  const text = formatKeyNotice(LEDGER, NEW);
  expect(() => parseCertificate(text)).toThrow(foreign);
  expect(() => parseCheckpoint(text)).toThrow(coded('CHECKPOINT_MALFORMED'));
  expect(() => open(certificateOf({ ledger: LEDGER }))).toThrow(foreign);
});

test('it is foreign with a changed byte, and where it was cut', () => {
  const bytes = Buffer.from(NOTICE);
  const cuts = Array.from(bytes, (_, length) => bytes.subarray(0, length));
  const readers = [open, openByHand].map((read) => (bad: Buffer) => read(bad.toString('latin1')));
  expect(takenOf([...oneByteChanges(bytes), ...cuts], isForeign, ...readers)).toEqual([]);
});

const witness = createVerifierKey(LEDGER, 'cosignature', parseVerifierKey(NEW).material);
test.each([
  ['of a stranger', noticeOf(LEDGER, NEW, [{ name: LEDGER, seed: 9 }])],
  ['that the key alone signed which it announces', noticeOf(LEDGER, NEW, [{ name: LEDGER, seed: 2 }])],
  ['of nobody', noticeOf(LEDGER, NEW, [])],
  ['with a wrong signature beside a right one', `${NOTICE}${wrongLine()}`],
  ['of a key of another ledger', noticeOf(LEDGER, keyText({ name: 'x/y', seed: 2 }), [OLD])],
  ['for another ledger', noticeOf('x/y', NEW, [OLD])],
  ['of a key with another ID', noticeOf(LEDGER, NEW.replace(/\+[0-9a-f]{8}\+/, '+00000000+'), [OLD])],
  ['of no key', noticeOf(LEDGER, LEDGER, [OLD])],
  ['of two keys', signedNote(`${LEDGER}/sealer\nauditseal key\n${NEW}\n${TRUST.keys[0]}\n`, [OLD])],
  ['with another word', signedNote(`${LEDGER}/sealer\nauditseal keys\n${NEW}\n`, [OLD])],
  ['without /sealer', signedNote(`${LEDGER}\nauditseal key\n${NEW}\n`, [OLD])],
  ['with CR LF', signedNote(`${LEDGER}/sealer\r\nauditseal key\r\n${NEW}\r\n`, [OLD])],
  ['that is no note', NEW],
])('a notice %s announces nothing', (_name, note) => {
  expect(() => open(note)).toThrow(foreign);
  expect(takenOf([Buffer.from(note)], isForeign, (bytes) => openByHand(bytes.toString()))).toEqual([]);
});

function wrongLine(): string {
  const { length } = NOTICE;
  const line = NOTICE.slice(NOTICE.lastIndexOf('\n\n') + 2, length);
  const [dash, name, base64 = ''] = line.trimEnd().split(' ');
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return `${dash} ${name} ${bytes.toString('base64')}\n`;
}

test('a witness’s key announces nothing, and the log’s keys announce none', () => {
  expect(() => openKeyNotice(NOTICE, [witness])).toThrow(foreign);
  const text = formatVerifierKey(witness);
  const note = noticeOf(LEDGER, text, [OLD]);
  expect(takenOf([Buffer.from(note)], isForeign, (bytes) => openByHand(bytes.toString()))).toEqual([]);
  expect(() => open(note)).toThrow(foreign);
});

test('without keys no signature is looked at, only what it says', () => {
  expect(openKeyNotice(noticeOf(LEDGER, NEW, [{ name: LEDGER, seed: 9 }]), undefined)).toBe(NEW);
  expect(() => openKeyNotice(NEW, undefined)).toThrow(foreign);
});
