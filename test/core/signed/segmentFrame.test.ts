import { formatVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { LEDGER, forge, nameOf } from '../../support/forge.ts';
import { KEY } from '../../support/logs.ts';

const trust = { ledger: LEDGER, keys: [formatVerifierKey(KEY.verifierKey)] };
const question = { name: nameOf(0), trust };

test('what a certified session signed is read', () => {
  const { stored, root } = forge({});
  expect(summarizeSegment(stored, question)).toMatchObject({ ok: true, endDiffers: false });
  expect(root).toHaveLength(64);
  expect(summarizeSegment(stored, question)).not.toHaveProperty('contradiction');
});
