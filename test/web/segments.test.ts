import { readSegment } from '../../web/verify/ledger/segment.ts';
import { segmentVectors } from '../support/vectors.ts';

test.each(segmentVectors())('the page reads the segment: $name', async ({ frames, expect: expected, root }) => {
  const reading = await readSegment(new Uint8Array(frames));
  if (!reading.isSegment) {
    expect(reading.why.includes('this page knows version 1') ? 'version-unknown' : 'malformed').toBe(expected);
    return;
  }
  const { endDiffers, contradiction } = reading;
  expect(endDiffers ? 'end-differs' : contradiction === undefined ? 'valid' : 'contradiction').toBe(expected);
  if (root !== undefined) expect(reading.root).toBe(root);
});
