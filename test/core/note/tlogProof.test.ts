import type { AuditsealErrorCode } from '../../../src/core/errors.ts';
import { leafHash } from '../../../src/core/hash.ts';
import { formatBase64Hash } from '../../../src/core/text.ts';
import {
  MAX_TLOG_PROOF_BYTES,
  formatTlogProof,
  openTlogProof,
  parseTlogProof,
} from '../../../src/core/note/tlogProof.ts';
import { parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { coded, damagedText, expectExact, loadVectors, oneByteChanges } from '../../support/logVectors.ts';

interface Good {
  name: string;
  text: string;
  index: number;
  hashes: string[];
  checkpoint: string;
  extra?: string;
}
const vectors = loadVectors('tlogProofs.json') as {
  origin: string;
  verifierKeys: string[];
  entry: string;
  good: Good[];
  unopened: Good[];
  malformed: { name: string; text: string }[];
  unproved: { name: string; text: string; error: AuditsealErrorCode }[];
};
const { origin } = vectors;
const verifiers = vectors.verifierKeys.map(parseVerifierKey);
const leaf = leafHash(Buffer.from(vectors.entry));

describe('.tlog-proof files', () => {
  test.each([...vectors.good, ...vectors.unopened])(
    '$name is read and printed',
    ({ name: _name, text, ...expected }) => {
      const proof = parseTlogProof(text);
      const { extra, ...rest } = proof;
      expect({
        ...rest,
        hashes: proof.hashes.map(formatBase64Hash),
        ...(extra !== undefined && { extra: extra.toString('base64') }),
      }).toEqual(expected);
      expect(formatTlogProof(proof)).toBe(text);
    },
  );

  test.each(vectors.malformed)('$name is refused', ({ text }) => {
    expect(() => parseTlogProof(text)).toThrow(coded('PROOF_MALFORMED'));
  });

  test('are bounded', () => {
    const long = `${vectors.good[0]?.text}${'x'.repeat(MAX_TLOG_PROOF_BYTES)}`;
    expect(() => parseTlogProof(long)).toThrow(coded('PROOF_MALFORMED'));
  });

  test('are read only as they are printed', () => {
    for (const [seed, { text }] of [...vectors.good, ...vectors.unopened].entries()) {
      const back = (it: Buffer): string => formatTlogProof(parseTlogProof(it.toString('utf8')));
      expect(expectExact(damagedText(text, seed, 1000), ['PROOF_MALFORMED'], back)).toBeGreaterThan(0);
    }
  });

  test('can hold nothing that could not be read', () => {
    const proof = parseTlogProof(vectors.good[0]?.text as string);
    for (const wrong of [{ index: -1 }, { index: 0.5 }, { extra: Buffer.alloc(0) }, { checkpoint: 'a\tb' }]) {
      expect(() => formatTlogProof({ ...proof, ...wrong })).toThrow(coded('PROOF_MALFORMED'));
    }
  });
});

describe('openTlogProof', () => {
  test.each(vectors.good)('binds the entry, $name', ({ text, checkpoint }) => {
    const opened = openTlogProof(parseTlogProof(text), leaf, origin, verifiers);
    expect(opened.checkpoint).toMatchObject({ origin, size: 5 });
    expect(opened.cosignatures.length > 0).toBe(checkpoint.includes('witness'));
  });

  test.each(vectors.unproved)('refuses $name', ({ text, error }) => {
    expect(() => openTlogProof(parseTlogProof(text), leaf, origin, verifiers)).toThrow(coded(error));
  });

  test('refuses another entry, another origin, and other keys', () => {
    const proof = parseTlogProof(vectors.good[0]?.text as string);
    const other = leafHash(Buffer.from('entry-4'));
    expect(() => openTlogProof(proof, other, origin, verifiers)).toThrow(coded('PROOF_INVALID'));
    expect(() => openTlogProof(proof, leaf, `${origin}0`, verifiers)).toThrow(coded('SIGNATURE_INVALID'));
    expect(() => openTlogProof(proof, leaf, origin, verifiers.slice(1))).toThrow(coded('SIGNATURE_INVALID'));
  });

  test('refuses every one-byte change of a proof', () => {
    for (const changed of oneByteChanges(Buffer.from(vectors.good[0]?.text as string))) {
      const open = (): unknown => openTlogProof(parseTlogProof(changed.toString('utf8')), leaf, origin, verifiers);
      expect(open).toThrow(expect.objectContaining({ name: 'AuditsealError' }));
    }
  });
});
