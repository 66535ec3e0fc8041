import { AuditsealError } from '../../../src/core/errors.ts';
import { JsonScanner } from '../../../src/core/segment/jsonScanner.ts';
import { readSegment } from '../../../src/core/segment/reader.ts';
import { MIN_RECORD_LINE_BYTES } from '../../../src/core/segment/recordLine.ts';
import { sealSegment } from '../../../src/core/segment/writer.ts';
import { compress } from '../../../src/core/segment/zstd.ts';
import { readFrames as pageFrames } from '../../../web/verify/ledger/segment.ts';
import { readReferenceFrames, referenceLines, referenceRoot } from '../../support/referenceLedger.ts';
import { eventsOf, sealBodies, segmentStart } from '../../support/segments.ts';

/** The frames of a segment of the given lines, with the end line that they need. */
function segmentOf(lines: readonly string[]): Buffer {
  const root = referenceRoot(lines.map((line) => Buffer.from(line)));
  return compress(Buffer.from([...lines, `{"_end":{"records":${lines.length - 1},"root":"${root}"}}`, ''].join('\n')));
}

/** callsOf counts how often a method is called, until it is ended. */
function callsOf<T extends object>(prototype: T, method: keyof T): { count: number; end: () => void } {
  const original = prototype[method] as (...given: unknown[]) => unknown;
  const calls = { count: 0, end: () => Object.assign(prototype, { [method]: original }) };
  const counted = function (this: unknown, ...given: unknown[]): unknown {
    calls.count += 1;
    return original.apply(this, given);
  };
  Object.assign(prototype, { [method]: counted });
  return calls;
}

const refusal = (bytes: number): AuditsealError =>
  new AuditsealError('SEGMENT_MALFORMED', `record line 1 has ${bytes} bytes, fewer than any seal takes`);

test('the shortest record line is read, and a shorter one ends the reading at once', () => {
  const shortest = sealSegment(segmentStart({ firstRecord: 0 }), [{ ...eventsOf(['{}'])[0] }], 100);
  const lines = referenceLines(shortest.frames).slice(0, -1).map(String);
  expect(lines[1]).toHaveLength(MIN_RECORD_LINE_BYTES);
  expect(readSegment(shortest.frames).contradiction).toBeUndefined();
  expect(readReferenceFrames(shortest.frames).records).toHaveLength(1);
  expect(() => readSegment(segmentOf([...lines, 'x'.repeat(79)]))).toThrow(refusal(79));
  expect(() => readReferenceFrames(segmentOf([...lines, 'x'.repeat(79)]))).toThrow('shorter than any seal');
  expect(readSegment(segmentOf([...lines, 'x'.repeat(80)])).contradiction).toMatch(/line 1 does not end/);
});

test('of 190 MiB of line feeds in a few bytes, one is looked at', () => {
  const [header, first] = referenceLines(sealBodies('{}').frames);
  const frames = [
    compress(Buffer.from(`${String(header)}\n${String(first)}\n`)),
    compress(Buffer.alloc(190 * 2 ** 20, '\n')),
  ];
  const stored = Buffer.concat(frames);
  expect(stored.length).toBeLessThan(20_000);
  let lines = 0;
  expect(() => readSegment(stored, { visit: () => lines++ })).toThrow(refusal(0));
  expect(lines).toBe(1);
  expect(() => pageFrames(new Uint8Array(stored))).toThrow(refusal(0).message);
});

test('of many lines without seal, one is searched for it', () => {
  const [header] = referenceLines(sealBodies('{}').frames);
  const line = `{"a":[${'1,'.repeat(40)}1]}}`;
  const frames = segmentOf([String(header), ...Array.from({ length: 1000 }, () => line)]);
  const searched = callsOf(JsonScanner.prototype, 'skipKey');
  const decoded = callsOf(TextDecoder.prototype, 'decode');
  try {
    expect(readSegment(frames).contradiction).toBe('record line 0 does not end in a seal');
    expect(searched.count).toBeLessThan(5);
    expect(pageFrames(new Uint8Array(frames)).endDiffers).toBe(false);
    expect(decoded.count).toBeLessThan(10);
  } finally {
    searched.end();
    decoded.end();
  }
});
