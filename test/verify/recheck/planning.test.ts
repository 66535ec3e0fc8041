import { SECOND, ledgerOf } from '../../support/loggedLedger.ts';
import { RecheckScene } from '../../support/recheckScene.ts';

test('where nothing is published any more, one run does it all, and that no slices were planned is said; at the beginning it is not', async () => {
  const ledger = await ledgerOf();
  const scene = new RecheckScene(ledger, SECOND + 100);
  const due = { isDue: true, canGoOn: true, lastFull: NaN, entries: 0 };
  ledger.tiles.objects.delete('checkpoint');
  const notPlanned = (): object[] => scene.log.lines.filter(({ message }) => message === 'recheck not planned');
  expect(await scene.recheck().turn(due)).toBe('whole');
  expect(notPlanned()).toEqual([]);
  expect(await scene.recheck().turn({ ...due, lastFull: scene.now() - 1 })).toBe('whole');
  expect(notPlanned()).toMatchObject([{ level: 'warn', fields: { why: expect.stringContaining('no checkpoint') } }]);
});

test('where nothing is published any more, a ledger that is too large for one run has what is new checked', async () => {
  const scene = new RecheckScene(await ledgerOf(), SECOND + 100);
  scene.stores.tiles.objects.delete('checkpoint');
  const due = { isDue: true, canGoOn: true, lastFull: scene.now() - 1, entries: 100 };
  const wholeBytes = 100 * 65_536;
  expect(await scene.recheck({ wholeBytes }).turn(due)).toBe('whole');
  expect(await scene.recheck({ wholeBytes }).turn({ ...due, entries: 101 })).toBeUndefined();
  // Without a report to go on from, one run is all that there is.
  expect(await scene.recheck({ wholeBytes }).turn({ ...due, entries: 101, canGoOn: false })).toBe('whole');
});
