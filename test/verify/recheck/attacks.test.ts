import { parted, sceneOf } from '../../support/attackScene.ts';
import type { Scene } from '../../support/attackScene.ts';
import { ATTACKS } from '../../support/attacks.ts';
import { SECOND, checkLedger } from '../../support/loggedLedger.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS } from '../../support/reports.ts';
import { LEDGER } from '../../support/forge.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import type { RecheckSoFar } from '../../../src/verify/options.ts';

const NOW = SECOND + 1000;
const DUE = { isDue: true, canGoOn: true, lastFull: NaN };

/** outcomeOf is what a check says of a ledger, but for when it said so and what it didn't read again. */
function outcomeOf({ status, findings, findingsOmitted, unreadable, partitions, notChecked, checked, log }: Report) {
  const { rehashed: _, lastFull: __, ...counts } = checked;
  return { status, findings, findingsOmitted, unreadable, partitions, notChecked, counts, log };
}

const inOneRun = (scene: Scene): Promise<Report> =>
  checkLedger(parted(scene.objects), { auditors: AUDITORS, ledger: LEDGER }, NOW);

/** inSlices begins a recheck of a ledger, lets somebody change it, works on all slices, and joins them. */
async function inSlices(before: Scene, attack: (scene: Scene) => unknown): Promise<readonly [Report, Scene]> {
  const first = new RecheckScene(parted(before.objects), NOW);
  const turn = await first.recheck().turn(DUE);
  await attack(before);
  const scene = new RecheckScene(parted(before.objects), NOW);
  for (const [name, bytes] of first.files.objects) scene.files.objects.set(name, bytes);
  scene.queue.messages.push(...first.queue.messages);
  await scene.workAll();
  const joined = turn === 'whole' ? turn : await scene.recheck({ wholeBytes: 1e12 }).turn(DUE);
  const recheck = joined === 'whole' ? {} : { recheck: joined as RecheckSoFar };
  const { stores } = scene;
  const report = await checkLedger(
    { ...parted(before.objects), tiles: stores.tiles },
    { auditors: AUDITORS, ledger: LEDGER, ...recheck },
    NOW,
  );
  return [report, before];
}

test('without an attack, all that has entries is taken from slices, and nothing else differs', async () => {
  const [report, scene] = await inSlices(await sceneOf(), () => {});
  const whole = await inOneRun(scene);
  expect(outcomeOf(report)).toEqual(outcomeOf(whole));
  expect(whole.checked.rehashed).toMatchObject({ slices: 0, segments: 0 });
  expect(report.checked.rehashed).toMatchObject({ slices: 3, segments: 12 });
});

describe('an attack before the recheck begins', () => {
  test.each(ATTACKS)('$name: $does', async ({ make }) => {
    const scene = await sceneOf();
    await make(scene);
    const [report] = await inSlices(scene, () => {});
    expect(outcomeOf(report)).toEqual(outcomeOf(await inOneRun(scene)));
  });
});

describe('an attack after the recheck was planned', () => {
  test.each(ATTACKS)('$name: $does', async ({ make }) => {
    const [report, scene] = await inSlices(await sceneOf(), make);
    expect(outcomeOf(report)).toEqual(outcomeOf(await inOneRun(scene)));
  });
});
