import { Fault } from '../../web/verify/fault.ts';
import { readFrames } from '../../web/verify/ledger/segment.ts';
import { segmentVectors } from '../support/vectors.ts';

test.each(segmentVectors())('the page reads the frames: $name', ({ frames, expect: expected, root }) => {
  let read: ReturnType<typeof readFrames>;
  try {
    read = readFrames(new Uint8Array(frames));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect([error.code, 'malformed']).toEqual(['SEGMENT_MALFORMED', expected]);
    return;
  }
  const { endDiffers, contradiction } = read;
  expect(endDiffers ? 'end-differs' : contradiction === undefined ? 'valid' : 'contradiction').toBe(expected);
  if (root !== undefined) expect(read.root).toBe(root);
});
