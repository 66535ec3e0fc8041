import { parted, sceneOf } from '../../support/attackScene.ts';
import type { Scene } from '../../support/attackScene.ts';
import { ATTACKS } from '../../support/attacks.ts';
import { SECOND, checkDeps, checkLedger } from '../../support/loggedLedger.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS } from '../../support/reports.ts';
import { LEDGER } from '../../support/forge.ts';
import { picked } from '../../support/sample.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { verifyInParts } from '../../../src/verify/verify.ts';
import type { VerifyOptions } from '../../../src/verify/options.ts';
import { reportName } from '../../../src/core/objects/names.ts';
import { KEY } from '../../support/logs.ts';

const NOW = SECOND + 1000;
const DUE = { isDue: true, canGoOn: true, lastFull: NaN, entries: 0 };

/** outcomeOf is what a check says of a ledger, but for when it said so and what it didn't read again. */
function outcomeOf({ status, findings, findingsOmitted, unreadable, partitions, notChecked, checked, log }: Report) {
  const { rehashed: _, lastFull: __, ...counts } = checked;
  return { status, findings, findingsOmitted, unreadable, partitions, notChecked, counts, log };
}

/** expectSame compares the report of a recheck in slices with the one of a single run. */
function expectSame(report: Report, whole: Report): void {
  const [{ log, ...rest }, { log: wholeLog, ...wholeRest }] = [outcomeOf(report), outcomeOf(whole)];
  expect(rest).toEqual(wholeRest);
  // A run that joins the last of several can't tell that the published checkpoint was met before, and compares more.
  expect({ ...log, tiles: 0 }).toEqual({ ...wholeLog, tiles: 0 });
  expect(log?.tiles ?? 0).toBeGreaterThanOrEqual(wholeLog?.tiles ?? 0);
}

const inOneRun = (scene: Scene, options: VerifyOptions = {}): Promise<Report> =>
  checkLedger(parted(scene.objects), { auditors: AUDITORS, ledger: LEDGER, ...options }, NOW);

/** upToFirst checks a ledger up to its first checkpoint alone. */
async function upToFirst(scene: Scene): Promise<Report> {
  const pausing = { isDue: () => true };
  const { report, isPaused } = await verifyInParts(checkDeps(parted(scene.objects), NOW), {
    verifiers: [KEY.verifierKey],
    auditors: AUDITORS,
    ledger: LEDGER,
    pausing,
  });
  expect([isPaused, report.log?.head?.number]).toEqual([true, 0]);
  return report;
}

/** inSlices begins a recheck of a ledger, lets somebody change it, works on all slices, and joins them: in as many parts as `joinMs` gives. */
async function inSlices(
  before: Scene,
  attack: (scene: Scene) => unknown,
  joinMs = Infinity,
  options: VerifyOptions = {},
): Promise<{ report: Report; scene: Scene; parts: number }> {
  const first = new RecheckScene(parted(before.objects), NOW);
  const turn = await first.recheck().turn(DUE);
  await attack(before);
  const scene = new RecheckScene(parted(before.objects), NOW);
  for (const [name, bytes] of first.files.objects) scene.files.objects.set(name, bytes);
  scene.queue.messages.push(...first.queue.messages);
  await scene.workAll();
  for (let parts = 1; ; parts++) {
    const joined = turn === 'whole' ? turn : await scene.recheck({ wholeBytes: 1e12, joinMs }).turn(DUE);
    const { joining, ...recheck } = joined === 'whole' || joined === undefined ? {} : joined;
    const { report, isPaused } = await verifyInParts(
      checkDeps({ ...parted(before.objects), tiles: scene.stores.tiles }, NOW),
      {
        verifiers: [KEY.verifierKey],
        auditors: AUDITORS,
        ledger: LEDGER,
        ...options,
        ...(joined !== 'whole' && { recheck }),
        ...(joining && { pausing: joining }),
      },
    );
    if (!isPaused) return { report, scene: before, parts };
    await joining?.keep(report);
  }
}

test('without an attack, all that has entries is taken from slices, and nothing else differs', async () => {
  const { report, scene } = await inSlices(await sceneOf(), () => {});
  const whole = await inOneRun(scene);
  expectSame(report, whole);
  expect(whole.checked.rehashed).toMatchObject({ slices: 0, segments: 0 });
  expect(report.checked.rehashed).toMatchObject({ slices: 3, segments: 12 });
});

test('slices that are joined in several runs give the same', async () => {
  const { report, scene, parts } = await inSlices(await sceneOf(), () => {}, -1);
  expectSame(report, await inOneRun(scene));
  expect(report.checked.rehashed).toMatchObject({ slices: 3, segments: 12 });
  expect(parts).toBeGreaterThan(2);
});

/** In one run, and in one that ends behind each checkpoint that it can go on from. */
describe.each([
  ['in one run', Infinity],
  ['in many runs', -1],
])('joined %s', (_, joinMs) => {
  describe('an attack before the recheck begins', () => {
    test.each(picked(ATTACKS, 4, 20))('$name: $does', async ({ make }) => {
      const scene = await sceneOf();
      await make(scene);
      const { report } = await inSlices(scene, () => {}, joinMs);
      expectSame(report, await inOneRun(scene));
    });
  });

  describe('an attack after the recheck was planned', () => {
    test.each(picked(ATTACKS, 4, 20))('$name: $does', async ({ make }) => {
      const { report, scene } = await inSlices(await sceneOf(), make, joinMs);
      expectSame(report, await inOneRun(scene));
    });
  });
});

// What it knew may be of a part that is over, or of the last one.
describe.each([
  ['all', inOneRun],
  ['the first batch', upToFirst],
])('an attack on what an earlier report of %s knew, joined in many runs', (_of, reportOf) => {
  test.each(picked(ATTACKS, 4, 20))('$name: $does', async ({ make }) => {
    const scene = await sceneOf();
    const options = { anchor: { name: reportName(0), report: await reportOf(scene) } };
    const { report } = await inSlices(scene, make, -1, options);
    expectSame(report, await inOneRun(scene, options));
  });
});
