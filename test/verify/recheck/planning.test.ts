import { SECOND, ledgerOf } from '../../support/loggedLedger.ts';
import { RecheckScene } from '../../support/recheckScene.ts';

test('where nothing is published any more, one run does it all, and that no slices were planned is said; at the beginning it is not', async () => {
  const ledger = await ledgerOf();
  const scene = new RecheckScene(ledger, SECOND + 100);
  const due = { isDue: true, canGoOn: true, lastFull: NaN };
  ledger.tiles.objects.delete('checkpoint');
  const notPlanned = (): object[] => scene.log.lines.filter(({ message }) => message === 'recheck not planned');
  expect(await scene.recheck().turn(due)).toBe('whole');
  expect(notPlanned()).toEqual([]);
  expect(await scene.recheck().turn({ ...due, lastFull: scene.now() - 1 })).toBe('whole');
  expect(notPlanned()).toMatchObject([{ level: 'warn', fields: { why: expect.stringContaining('no checkpoint') } }]);
});
