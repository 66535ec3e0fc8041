import { inspect } from 'node:util';
import { cosignatureKey } from '../../../src/core/note/cosignature.ts';
import { derFromRaw, ecdsaDigest, ecdsaSignature } from '../../../src/core/note/vaultSignature.ts';
import { formatNote, openNote } from '../../../src/core/note/note.ts';
import {
  createSignerKey,
  formatSignerKey,
  generateSignerKey,
  parseSignerKey,
  signNote,
} from '../../../src/core/note/signerKey.ts';
import {
  createVerifierKey,
  formatVerifierKey,
  isKeyName,
  parseVerifierKey,
} from '../../../src/core/note/verifierKey.ts';
import { coded, damagedText, expectExact, loadVectors } from '../../support/logVectors.ts';

interface Named {
  name: string;
  text: string;
}
const vectors = loadVectors('keys.json') as {
  verifierKeys: { good: { text: string; keyName: string; keyId: string; type: string }[]; bad: Named[] };
  signerKeys: { good: { text: string; verifierKey: string }[]; bad: Named[] };
  cosignatureKey: { of: string; is: string };
  ecdsa: {
    der: { raw: string; der: string }[];
    signed: { verifierKey: string; text: string; digest: string; raw: string };
  };
};

describe('verifier keys', () => {
  test.each(vectors.verifierKeys.good)('$text is read and printed', ({ text, ...expected }) => {
    const key = parseVerifierKey(text);
    expect(key).toMatchObject(expected);
    expect(formatVerifierKey(key)).toBe(text);
  });

  test.each(vectors.verifierKeys.bad)('refuse $name', ({ text }) => {
    expect(() => parseVerifierKey(text)).toThrow(coded('KEY_MALFORMED'));
  });

  test('are read only as they are printed', () => {
    for (const [seed, { text }] of vectors.verifierKeys.good.entries()) {
      const back = (it: Buffer): string => formatVerifierKey(parseVerifierKey(it.toString('utf8')));
      expectExact(damagedText(text, seed, 500), ['KEY_MALFORMED'], back);
    }
  });

  test('have names without spaces, plus signs and control characters', () => {
    for (const name of ['a', 'logs.example.com/prod', 'é', '\ufeff']) expect(isKeyName(name)).toBe(true);
    for (const name of ['', 'a b', 'a+b', 'a\u0085', 'a\u00a0', '\u2003', 'a\n', 'a\0', '\ud800']) {
      expect(isKeyName(name)).toBe(false);
      expect(() => createVerifierKey(name, 'ed25519', Buffer.alloc(32))).toThrow(coded('KEY_MALFORMED'));
    }
  });

  test('of a witness are those of its Ed25519 key under another type', () => {
    const { of, is } = vectors.cosignatureKey;
    expect(formatVerifierKey(cosignatureKey(parseVerifierKey(of)))).toBe(is);
  });
});

describe('signer keys', () => {
  test.each(vectors.signerKeys.good)('of $verifierKey are read and printed', ({ text, verifierKey }) => {
    const key = parseSignerKey(text);
    expect(formatVerifierKey(key.verifierKey)).toBe(verifierKey);
    expect(formatSignerKey(key)).toBe(text);
  });

  test.each(vectors.signerKeys.bad)('refuse $name, without quoting it', ({ text }) => {
    expect(() => parseSignerKey(text)).toThrow(coded('KEY_MALFORMED'));
    const secret = text.split('+').slice(4).join('+').trim();
    let message = '';
    try {
      parseSignerKey(text);
    } catch (error) {
      message = inspect(error);
    }
    expect(secret === '' || !message.includes(secret)).toBe(true);
  });

  test('that are generated differ, sign, and survive being printed', () => {
    const [one, two] = [generateSignerKey('a.example'), generateSignerKey('a.example')];
    expect(formatSignerKey(one)).not.toBe(formatSignerKey(two));
    const again = parseSignerKey(formatSignerKey(one));
    const note = formatNote({ text: 'hello\n', signatures: [signNote('hello\n', again)] });
    expect(openNote(note, [one.verifierKey]).text).toBe('hello\n');
    expect(() => openNote(note, [two.verifierKey])).toThrow(coded('SIGNATURE_INVALID'));
  });

  test('show nothing of the seed when they are printed by accident', () => {
    const seed = Buffer.alloc(32, 'secret-seed');
    const shown = inspect(createSignerKey('a.example', seed), { depth: 9, showHidden: true });
    expect(shown).not.toContain(seed.toString('base64'));
    expect(JSON.stringify(createSignerKey('a.example', seed))).not.toContain(seed.toString('hex'));
    expect(shown).not.toContain([...seed.subarray(0, 4)].map((byte) => byte.toString(16)).join(' '));
  });
});

describe('ECDSA from a vault', () => {
  test.each(vectors.ecdsa.der)('$raw is $der', ({ raw, der }) => {
    expect(derFromRaw(Buffer.from(raw, 'hex')).toString('hex')).toBe(der);
  });

  test.each([0, 63, 65])('%d bytes are no P-256 signature', (length) => {
    expect(() => derFromRaw(Buffer.alloc(length))).toThrow(coded('SIGNATURE_INVALID'));
  });

  const { verifierKey, text, digest, raw } = vectors.ecdsa.signed;
  const key = parseVerifierKey(verifierKey);

  test('a digest goes out, and a signature line comes of the answer', () => {
    expect(ecdsaDigest(text).toString('hex')).toBe(digest);
    const note = formatNote({ text, signatures: [ecdsaSignature(text, key, Buffer.from(raw, 'hex'))] });
    expect(openNote(note, [key]).signatures).toEqual([{ keyName: key.keyName, keyId: key.keyId, type: 'ecdsa' }]);
  });

  test('an answer that does not fit the key or the text is refused', () => {
    const wrong = Buffer.from(raw, 'hex');
    wrong.writeUInt8(wrong.readUInt8(40) ^ 1, 40);
    expect(() => ecdsaSignature(text, key, wrong)).toThrow(coded('SIGNATURE_INVALID'));
    expect(() => ecdsaSignature(`${text}x\n`, key, Buffer.from(raw, 'hex'))).toThrow(coded('SIGNATURE_INVALID'));
    expect(() => ecdsaSignature(text, key, Buffer.alloc(64))).toThrow(coded('SIGNATURE_INVALID'));
  });
});
