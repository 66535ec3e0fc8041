import { createdOf, forgeChain, nameOf } from '../support/forge.ts';
import { HUB_CHAINS, SOUND_CHAINS } from '../support/hubChains.ts';
import { coreVerdict, pageOutcome, pageVerdict } from './mirrors.ts';

test.each(HUB_CHAINS)('the page and the command line find the same in a chain with %s', async (_name, specs, said) => {
  const mirror = forgeChain(specs);
  const verdict = await pageVerdict(mirror, '');
  const found = new Set(said.map(([code, index]) => `${code} ${nameOf(index)}`));
  expect(verdict).toEqual({ status: 'violated', found: [...found].sort() });
  expect(verdict).toEqual(await coreVerdict(mirror, ''));
});

test.each(SOUND_CHAINS)('both find nothing in a chain %s', async (_name, specs) => {
  const mirror = forgeChain(specs);
  expect(await pageVerdict(mirror, '')).toEqual({ status: 'verified', found: [] });
  expect(await coreVerdict(mirror, '')).toEqual({ status: 'verified', found: [] });
});

test('the page tells of a hub that has less than is sealed', async () => {
  const { findings } = await pageOutcome(
    forgeChain([{ events: [70] }, { incarnation: 1, hub: { created: createdOf(0), last: 9 } }]),
    '',
  );
  const more = 'event 70 is sealed before it, and the newest event of the hub was 9';
  const detail = `what is sealed says more than the hub has: ${more}; it was created at ${createdOf(0)} all along`;
  expect(findings).toMatchObject([{ code: 'hub-recreated', detail }]);
});

test('the page tells what a hub had that was created again', async () => {
  const { findings } = await pageOutcome(forgeChain([{ hub: { last: 700 } }, {}, { incarnation: 1 }]), '');
  const gone =
    'the last event of the hub before that is sealed or declared is 1, and what it had behind that is gone, at least up to event 700';
  expect(findings).toMatchObject([
    { code: 'hub-recreated', severity: 'error', detail: `the hub was created again at ${createdOf(1)}: ${gone}` },
  ]);
});
