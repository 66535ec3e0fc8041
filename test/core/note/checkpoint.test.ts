import { formatCheckpoint, openCheckpoint, parseCheckpoint } from '../../../src/core/note/checkpoint.ts';
import type { AuditsealErrorCode } from '../../../src/core/errors.ts';
import type { Hash } from '../../../src/core/hash.ts';
import { formatNote, openNote } from '../../../src/core/note/note.ts';
import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { formatBase64Hash, parseBase64Hash } from '../../../src/core/text.ts';
import { parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { coded, damagedText, expectExact, loadVectors, oneByteChanges } from '../../support/logVectors.ts';

interface OpenedCase {
  name: string;
  note: string;
  signatures: number;
  cosignatures: number[];
}
const vectors = loadVectors('checkpoints.json') as {
  good: { name: string; text: string; origin: string; size: number; rootHash: string; extensions?: string[] }[];
  bad: { name: string; text: string }[];
  opened: {
    origin: string;
    verifierKeys: string[];
    good: OpenedCase[];
    bad: { name: string; note: string; error: AuditsealErrorCode }[];
  };
};
const { origin, verifierKeys, good, bad } = vectors.opened;
const verifiers = verifierKeys.map(parseVerifierKey);

describe('parseCheckpoint', () => {
  test.each(vectors.good)('reads $name, and formatCheckpoint prints it', ({ name: _name, text, ...expected }) => {
    const checkpoint = parseCheckpoint(text);
    expect({ ...checkpoint, rootHash: formatBase64Hash(checkpoint.rootHash) }).toEqual(expected);
    expect(formatCheckpoint(checkpoint)).toBe(text);
  });

  test.each(vectors.bad)('refuses $name', ({ text }) => {
    expect(() => parseCheckpoint(text)).toThrow(coded('CHECKPOINT_MALFORMED'));
  });

  test('reads only what formatCheckpoint prints', () => {
    for (const [seed, { text }] of vectors.good.entries()) {
      const back = (it: Buffer): string => formatCheckpoint(parseCheckpoint(it.toString('utf8')));
      expect(expectExact(damagedText(text, seed, 1000), ['CHECKPOINT_MALFORMED'], back)).toBeGreaterThan(0);
    }
  });
});

describe('formatCheckpoint', () => {
  const checkpoint = parseCheckpoint(vectors.good[0]?.text as string);
  test.each([
    ['an empty origin', { origin: '' }],
    ['an origin of two lines', { origin: 'a\nb' }],
    ['an origin that is a checkpoint', { origin: `a\n1\n${'A'.repeat(43)}=` }],
    ['an origin with CR', { origin: 'a\r' }],
    ['a negative size', { size: -1 }],
    ['half a leaf', { size: 0.5 }],
    ['a size beyond 2^53', { size: 2 ** 53 }],
    ['an empty tree with another root', { size: 0 }],
    ['half a root', { rootHash: checkpoint.rootHash.slice(16) as Hash }],
    ['an empty extension line', { extensions: [''] }],
    ['an extension of two lines', { extensions: ['a\nb'] }],
  ])('refuses %s', (_name, change) => {
    expect(() => formatCheckpoint({ ...checkpoint, ...change })).toThrow(coded('CHECKPOINT_MALFORMED'));
  });
});

describe('openCheckpoint', () => {
  test.each(good)('opens one $name', ({ note, signatures, cosignatures }) => {
    const opened = openCheckpoint(Buffer.from(note), origin, verifiers);
    expect(opened.checkpoint).toEqual({
      origin,
      size: 5,
      rootHash: parseBase64Hash(vectors.good[0]?.rootHash as string),
    });
    expect(opened.text).toBe(vectors.good[0]?.text);
    expect(opened.signatures).toHaveLength(signatures);
    expect(opened.signatures.every(({ keyName }) => keyName === origin)).toBe(true);
    expect(opened.cosignatures.map(({ timestamp }) => timestamp)).toEqual(cosignatures);
  });

  test.each(bad)('refuses one $name', ({ note, error }) => {
    expect(() => openCheckpoint(Buffer.from(note), origin, verifiers)).toThrow(coded(error));
  });

  test('refuses every one-byte change', () => {
    for (const changed of oneByteChanges(Buffer.from(good[0]?.note as string))) {
      expect(() => openCheckpoint(changed, origin, verifiers)).toThrow(
        expect.objectContaining({ name: 'AuditsealError' }),
      );
    }
  });

  test('a new checkpoint is signed, printed and opened', () => {
    const signer = createSignerKey('logs.example.com/prod', Buffer.alloc(32, 5));
    const checkpoint = {
      origin: 'logs.example.com/prod',
      size: 2 ** 40 + 1,
      rootHash: parseCheckpoint(vectors.good[0]?.text as string).rootHash,
    };
    const text = formatCheckpoint(checkpoint);
    const note = formatNote({ text, signatures: [signNote(text, signer)] });
    expect(openNote(note, [signer.verifierKey]).text).toBe(text);
    expect(openCheckpoint(note, checkpoint.origin, [signer.verifierKey]).checkpoint).toEqual(checkpoint);
  });
});
