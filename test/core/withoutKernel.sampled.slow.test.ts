// What src/core does with the kernel it does without: tests of segments and trees once more, by the reference alone.
import { kernel, switchKernel } from '../../src/core/wasm/kernel.ts';
import { picked } from '../support/sample.ts';

switchKernel(false);
const SUITES = [
  'merkle/tree',
  'merkle/tile',
  'merkle/proof',
  'segment/seal',
  'segment/segment',
  'segment/bounds',
  'segment/chain',
  'vectors',
];
for (const suite of picked(SUITES, 2, 4)) await import(`./${suite}.test.ts`);

test('there is no kernel meanwhile', () => expect(kernel()).toBeUndefined());
