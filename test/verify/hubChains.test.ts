import { check, saidOf } from '../support/checking.ts';
import { createdOf, forgeChain, nameOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { HUB_CHAINS, SOUND_CHAINS } from '../support/hubChains.ts';
import { MemoryStore } from '../support/memoryStore.ts';

test.each(HUB_CHAINS)('in a chain, %s is found', async (_what, specs, found) => {
  const report = await check(new MemoryStore(forgeChain(specs)));
  expect(saidOf(report).sort()).toEqual(found.map(([code, index]) => `${code} ${nameOf(index)}`).sort());
  expect(report.status).toBe('violated');
});

test.each(SOUND_CHAINS)('nothing is found in a chain %s', async (_what, specs) => {
  const report = await check(new MemoryStore(forgeChain(specs)));
  expect(report).toMatchObject({ status: 'verified', findings: [] });
});

test.each<[string, readonly Spec[], string]>([
  [
    'of which nothing more is known',
    [{}, { incarnation: 1 }],
    'what the one before had behind event 0, the last one that is sealed or declared, is gone',
  ],
  [
    'that had more, by its own word',
    [{ hub: { last: 9 } }, { hub: { last: 700 } }, { hub: { last: 5 } }, {}, { incarnation: 1 }],
    'what the one before had behind event 3, the last one that is sealed or declared, is gone, at least up to event 700',
  ],
  [
    'before it had anything',
    [{ kind: 'heartbeat', events: [-1] }, { incarnation: 1 }],
    'what the one before had is gone',
  ],
  [
    'twice, and of the first one it is known',
    [{ hub: { last: 9 } }, { incarnation: 1 }, { incarnation: 2 }],
    'what the one before had behind event 0, the last one that is sealed or declared, is gone',
  ],
])('a hub was created again %s', async (_what, specs, detail) => {
  const { findings } = await check(new MemoryStore(forgeChain(specs)));
  const created = createdOf(specs.at(-1)?.incarnation as number);
  expect(findings.at(-1)).toMatchObject({
    code: 'hub-recreated',
    severity: 'error',
    detail: `the hub was created again at ${created}: ${detail}`,
  });
});

test('an incarnation may begin because what is sealed says more than the hub has, and that is said', async () => {
  const specs: Spec[] = [{ events: [70] }, { incarnation: 1, hub: { created: createdOf(0), last: 9 } }];
  const { findings } = await check(new MemoryStore(forgeChain(specs)));
  const why = `that was created at ${createdOf(0)} all along, and its newest event was 9`;
  expect(findings).toMatchObject([
    {
      code: 'hub-recreated',
      detail: `what is sealed before it, up to event 70, says more than the hub has: ${why}`,
    },
  ]);
});
