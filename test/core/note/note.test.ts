import { cosignatureMessage, signCosignature } from '../../../src/core/note/cosignature.ts';
import type { AuditsealErrorCode } from '../../../src/core/errors.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES, formatNote, openNote, parseNote } from '../../../src/core/note/note.ts';
import type { OpenedNote, VerifiedSignature } from '../../../src/core/note/note.ts';
import { formatSignatureLine, parseSignatureLine } from '../../../src/core/note/signatureLine.ts';
import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { createVerifierKey, parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { coded, damaged, damagedText, expectExact, loadVectors, oneByteChanges } from '../../support/logVectors.ts';

interface NoteCase {
  name: string;
  note?: string;
  noteHex?: string;
  text?: string;
  signatures?: VerifiedSignature[];
  error?: AuditsealErrorCode;
}
const vectors = loadVectors('notes.json') as { verifierKeys: string[]; cases: NoteCase[] };
const verifiers = vectors.verifierKeys.map(parseVerifierKey);
const cases = vectors.cases.map(({ note, noteHex, ...rest }) => ({
  ...rest,
  note: note === undefined ? Buffer.from(noteHex as string, 'hex') : Buffer.from(note),
}));
const good = cases.filter(({ error }) => error === undefined);
const noteNamed = (name: string): Buffer => good.find((it) => it.name === name)?.note as Buffer;
const signer = createSignerKey('a.example', Buffer.alloc(32, 1));

describe('openNote', () => {
  test.each(good)('opens $name', ({ note, text, signatures }) => {
    expect(openNote(note, verifiers)).toEqual({ text, signatures });
    expect(formatNote(parseNote(note))).toEqual(note);
  });

  test.each(cases.filter(({ error }) => error !== undefined))('refuses $name', ({ note, error }) => {
    expect(() => openNote(note, verifiers)).toThrow(coded(error as AuditsealErrorCode));
  });

  test('refuses what no trusted key signed, whoever else did', () => {
    for (const { note } of good) expect(() => openNote(note, [])).toThrow(coded('SIGNATURE_INVALID'));
  });

  test('refuses every one-byte change of a note with one signature', () => {
    for (const bad of oneByteChanges(noteNamed('one signature'))) {
      expect(() => openNote(bad, verifiers)).toThrow(expect.objectContaining({ name: 'AuditsealError' }));
    }
  });

  test('a one-byte change of a note with several signatures changes no text, and adds no signature', () => {
    const whole = noteNamed('Ed25519, ECDSA and a witness');
    const { text, signatures } = openNote(whole, verifiers);
    let opened = 0;
    for (const bad of oneByteChanges(whole)) {
      let result: OpenedNote;
      try {
        result = openNote(bad, verifiers);
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ name: 'AuditsealError' }));
        continue;
      }
      opened++;
      expect(result.text).toBe(text);
      expect(result.signatures.length).toBeLessThan(signatures.length);
      expect(signatures).toEqual(expect.arrayContaining([...result.signatures]));
    }
    // Where a key name or ID was hit, the signature is one of a stranger.
    expect(opened).toBeGreaterThan(100);
  });

  test('two keys of one name and ID are told apart by what fits', () => {
    // What a collision of two key IDs would give: the other key's material under this key's ID.
    const other = createSignerKey('a.example', Buffer.alloc(32, 2)).verifierKey;
    const twin = { ...other, keyId: signer.verifierKey.keyId };
    const note = formatNote({ text: 'x\n', signatures: [signNote('x\n', signer)] });
    expect(openNote(note, [twin, signer.verifierKey]).signatures).toHaveLength(1);
    expect(openNote(note, [signer.verifierKey, twin]).signatures).toHaveLength(1);
    expect(() => openNote(note, [twin])).toThrow(coded('SIGNATURE_INVALID'));
  });

  test('a key that is given twice is one key', () => {
    const key = createVerifierKey('a.example', 'ed25519', signer.verifierKey.material);
    const line = signNote('x\n', signer);
    const note = formatNote({ text: 'x\n', signatures: [line, line] });
    expect(openNote(note, [signer.verifierKey, key]).signatures).toHaveLength(1);
  });
});

describe('formatNote and parseNote', () => {
  test('take only what the other one gives', () => {
    for (const [seed, { note }] of good.entries()) {
      const texts = damaged(note.subarray(0, 3000), seed, 300);
      expectExact(texts, ['NOTE_MALFORMED'], (text) => formatNote(parseNote(text)));
    }
  });

  const line = signNote('x\n', signer);
  test.each([
    ['no text', { text: '', signatures: [line] }],
    ['a text without LF at its end', { text: 'x', signatures: [line] }],
    ['a text with CR', { text: 'x\r\n', signatures: [line] }],
    ['a text with a lone surrogate', { text: '\ud800\n', signatures: [line] }],
    ['no signature', { text: 'x\n', signatures: [] }],
    ['101 signatures', { text: 'x\n', signatures: Array.from({ length: MAX_NOTE_SIGNATURES + 1 }, () => line) }],
    ['more than 64 KiB', { text: `${'x'.repeat(MAX_NOTE_BYTES)}\n`, signatures: [line] }],
    ['a key name with a space', { text: 'x\n', signatures: [{ ...line, keyName: 'a b' }] }],
    ['a key ID that is no hex', { text: 'x\n', signatures: [{ ...line, keyId: 'x' }] }],
    ['a signature of no bytes', { text: 'x\n', signatures: [{ ...line, signature: Buffer.alloc(0) }] }],
  ])('refuse to print %s', (_name, note) => {
    expect(() => formatNote(note)).toThrow(coded('NOTE_MALFORMED'));
  });

  test('print and read up to 64 KiB', () => {
    const rest = formatNote({ text: 'x\n', signatures: [line] }).length;
    const text = `${'x'.repeat(MAX_NOTE_BYTES - rest + 1)}\n`;
    const note = formatNote({ text, signatures: [line] });
    expect(note).toHaveLength(MAX_NOTE_BYTES);
    expect(parseNote(note).text).toBe(text);
    expect(() => parseNote(Buffer.concat([Buffer.from('x'), note]))).toThrow(coded('NOTE_MALFORMED'));
  });
});

describe('signature lines', () => {
  const line = formatSignatureLine(signNote('x\n', signer));
  test('are read and printed', () => {
    expect(parseSignatureLine(line)).toEqual(signNote('x\n', signer));
    const back = (text: Buffer): string => formatSignatureLine(parseSignatureLine(text.toString('utf8')));
    expectExact(damagedText(line, 7, 2000), ['NOTE_MALFORMED'], back);
  });

  test.each([
    '',
    '\u2014',
    '\u2014 ',
    '\u2014 a',
    '\u2014 a ',
    '\u2014 a AAAAAA==',
    `${line}\n`,
    ` ${line}`,
    `${line} `,
  ])('%j is none', (text) => {
    expect(() => parseSignatureLine(text)).toThrow(coded('NOTE_MALFORMED'));
  });
});

describe('signCosignature', () => {
  test('makes the line that is known, over the message that the format says', () => {
    const whole = parseNote(noteNamed('Ed25519, ECDSA and a witness'));
    const known = whole.signatures.at(-1);
    expect(cosignatureMessage('a\n5\n', 17).toString()).toBe('cosignature/v1\ntime 17\na\n5\n');
    const seed = Buffer.from(sha256(Buffer.from('audit-log test witness seed')), 'latin1');
    const witness = createSignerKey('witness.example.com/w1', seed);
    expect(signCosignature(whole.text, witness, 1_700_000_000)).toEqual(known);
  });

  test.each([0, -1, 1.5, NaN, 2 ** 53])('refuses the time %d', (time) => {
    expect(() => signCosignature('x\n', signer, time)).toThrow(RangeError);
  });
});
