import type { Finding, Report } from '../../src/core/objects/report.ts';
import { acknowledge, integrate } from '../support/acknowledged.ts';
import { forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { SECOND, checkLedger, ledgerOf } from '../support/loggedLedger.ts';

const HOUR = 3600;
/** When the newest segment of the story's chains was sealed: see the forge. */
const SEALED = 1_000_000 + 11;
const allowance = { delayMs: 1e15, ageMs: 1e15, silenceMs: 25 * 60_000 };

const silentIn = ({ findings }: Report): unknown[] => findings.filter(({ code }) => code === 'partition-silent');

test('a partition in which nothing was sealed for too long is silent, not quiet', async () => {
  const ledger = await ledgerOf();
  const at = (second: number) => checkLedger(ledger, { allowance }, second);
  expect(silentIn(await at(SEALED + 1500))).toEqual([]);
  expect(silentIn(await at(SEALED + 1501))).toEqual(
    ['0', '1'].map((partition) => ({
      code: 'partition-silent',
      severity: 'error',
      object: nameOf(11, partition),
      detail: `it is the newest of its partition, sealed at ${timeOf(SEALED)}: not even a heartbeat came behind it`,
    })),
  );
});

test('one partition that is silent isn’t hidden by another that lives', async () => {
  const ledger = await ledgerOf();
  for (const [name, bytes] of forgeChain([
    ...Array.from({ length: 12 }, () => ({})),
    { kind: 'heartbeat', events: [11], header: { sealed: timeOf(SECOND) } },
  ]))
    ledger.store.objects.set(name, bytes);
  const { findings } = await checkLedger(ledger, { allowance }, SECOND + HOUR / 4);
  expect(findings.map(({ code, object }) => [code, object])).toEqual([['partition-silent', nameOf(11, '1')]]);
});

test('is acknowledged as of that newest segment: the next silence is another finding', async () => {
  const ledger = await ledgerOf();
  await integrate(ledger, SECOND + 10);
  await acknowledge(ledger, 'partition-silent', nameOf(11));
  await integrate(ledger, SECOND + 30);
  const at = (second: number) => checkLedger(ledger, { allowance }, second);
  const silent = silentIn(await at(SECOND + 60)) as Finding[];
  expect(silent.map(({ object, acknowledged }) => [object, acknowledged !== undefined])).toEqual([
    [nameOf(11), true],
    [nameOf(11, '1'), false],
  ]);
  for (const [name, bytes] of forgeChain([
    ...Array.from({ length: 12 }, () => ({})),
    { kind: 'heartbeat', events: [11], header: { sealed: timeOf(SECOND) } },
  ]))
    ledger.store.objects.set(name, bytes);
  const again = silentIn(await at(SECOND + HOUR)) as Finding[];
  expect(again.map(({ object, acknowledged }) => [object, acknowledged !== undefined])).toEqual([
    [nameOf(12), false],
    [nameOf(11, '1'), false],
  ]);
});

test('a mirror, which has no clock of its own, says nothing of that', async () => {
  expect((await checkLedger(await ledgerOf(), {}, SECOND + 1000 * HOUR)).findings).toEqual([]);
});
