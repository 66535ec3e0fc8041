import { formatHash, parseHash } from '../../src/core/hash.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import { readReferenceSegment, referenceLines } from '../support/referenceLedger.ts';
import { segmentVectors } from '../support/vectors.ts';
import { segmentCases } from '../vectors/generate.ts';

const vectors = segmentVectors();
const valid = vectors.filter(({ expect: outcome }) => outcome === 'valid');

/** What a reader has to say about a stored segment, in the words of segments.json. */
function outcomeOf(stored: Buffer): string {
  try {
    const { endDiffers, contradiction } = readSegment(stored);
    if (endDiffers) return 'end-differs';
    return contradiction === undefined ? 'valid' : 'contradiction';
  } catch (error) {
    return (error as { code: string }).code.toLowerCase().replace('segment_', '').replace('_', '-');
  }
}

describe('segments.json', () => {
  test.each(vectors)('$name: $expect', ({ expect: expected, stored }) => {
    expect(outcomeOf(stored)).toBe(expected);
    if (expected !== 'valid') expect(() => readReferenceSegment(stored)).toThrow(/./);
  });

  test.each(valid)('has the root and the lines of: $name', ({ stored, root, lines }) => {
    expect(formatHash(readSegment(stored).root)).toBe(root);
    expect(referenceLines(stored).map(String)).toEqual(lines);
    if (!lines?.[0]?.includes('"later"')) expect(readReferenceSegment(stored).root).toBe(root);
  });

  test('is a chain in its first three cases', () => {
    const readings = valid.slice(0, 3).map(({ stored }) => readSegment(stored));
    expect(readings.map(({ header }) => header.prev)).toEqual([
      parseHash('0'.repeat(64)),
      readings[0]?.root,
      readings[1]?.root,
    ]);
  });

  test('is what generate.ts makes', () => {
    // Another release of Zstandard may compress to other bytes, so the stored bytes aren't compared.
    const withoutBytes = (cases: readonly object[]): unknown => cases.map((it) => ({ ...it, stored: undefined }));
    expect(withoutBytes(segmentCases())).toEqual(withoutBytes(vectors));
  });
});
