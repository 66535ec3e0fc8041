import { formatHash, parseHash } from '../../src/core/hash.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import { readReferenceFrames, referenceLines } from '../support/referenceLedger.ts';
import { segmentVectors } from '../support/vectors.ts';
import { segmentCases } from '../vectors/generate.ts';

const vectors = segmentVectors();
const valid = vectors.filter(({ expect: outcome }) => outcome === 'valid');

/** What a reader has to say about a segment's frames, in the words of segments.json. */
function outcomeOf(frames: Buffer): string {
  try {
    const { endDiffers, contradiction } = readSegment(frames);
    if (endDiffers) return 'end-differs';
    return contradiction === undefined ? 'valid' : 'contradiction';
  } catch (error) {
    return (error as { code: string }).code.toLowerCase().replace('segment_', '').replace('_', '-');
  }
}

describe('segments.json', () => {
  test.each(vectors)('$name: $expect', ({ expect: expected, frames }) => {
    expect(outcomeOf(frames)).toBe(expected);
    if (expected !== 'valid') expect(() => readReferenceFrames(frames)).toThrow(/./);
  });

  test.each(valid)('has the root and the lines of: $name', ({ frames, root, lines }) => {
    expect(formatHash(readSegment(frames).root)).toBe(root);
    expect(referenceLines(frames).map(String)).toEqual(lines);
    if (!lines?.[0]?.includes('"later"')) expect(readReferenceFrames(frames).root).toBe(root);
  });

  test('is a chain in its first five cases', () => {
    const readings = valid.slice(0, 5).map(({ frames }) => readSegment(frames));
    const roots = readings.slice(0, -1).map(({ root }) => root);
    expect(readings.map(({ header }) => header.prev)).toEqual([parseHash('0'.repeat(64)), ...roots]);
  });

  test('is what generate.ts makes', () => {
    // Another release of Zstandard may compress to other bytes, so the bytes aren't compared.
    const withoutBytes = (cases: readonly object[]): unknown => cases.map((it) => ({ ...it, frames: undefined }));
    expect(withoutBytes(segmentCases())).toEqual(withoutBytes(vectors));
  });
});
