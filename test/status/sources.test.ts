import { parseCheckpointNote } from '../../src/core/note/checkpoint.ts';
import { evenly, readActivity } from '../../src/status/activity.ts';
import type { Activity } from '../../src/status/activity.ts';
import { Bundles } from '../../src/status/bundles.ts';
import { judgeSources } from '../../src/status/sources.ts';
import type { JudgedSources, SourcePromise } from '../../src/status/sources.ts';
import { nameOf } from '../support/forge.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';
import type { Said } from '../support/statusScene.ts';

const DAY = 24;
const NOTHING: SourcePromise = { silentHours: 24, expected: new Map() };
const expecting = (...expected: readonly (readonly [string, number])[]): SourcePromise => ({
  ...NOTHING,
  expected: new Map(expected),
});

const bundlesOf = ({ tiles }: StatusScene): Bundles =>
  new Bundles(tiles, parseCheckpointNote(tiles.objects.get('checkpoint') as Buffer));

const activityOf = (scene: StatusScene, hour: number): Promise<Activity> =>
  readActivity(bundlesOf(scene), atHour(hour, 2));

const judge = async (scene: StatusScene, hour: number, promise = NOTHING): Promise<JudgedSources> =>
  judgeSources(await activityOf(scene, hour), promise, atHour(hour, 2));

const silentIn = ({ sources }: JudgedSources): string[] =>
  sources.list.filter(({ isSilent }) => isSilent).map(({ category }) => category);

/** story makes a ledger to which each day at noon comes what `saidOn` says. */
async function story(days: number, saidOn: (day: number) => readonly Said[]): Promise<StatusScene> {
  const scene = new StatusScene();
  for (let day = 0; day < days; day++) await scene.seal(day * DAY + 12, saidOn(day));
  return scene;
}

describe('a category', () => {
  test('that stopped coming is silent after a day, and the finding says what was expected, and why', async () => {
    const scene = await story(12, (day) => [
      { category: 'Steady' },
      ...(day < 10 ? [{ category: 'AuditLogs', count: 30 }] : []),
    ]);
    const hour = 11 * DAY + 12;
    const judged = await judge(scene, hour, { ...NOTHING, silentHours: 36 });
    // Its longest silence was a day, so it is silent after two.
    expect(silentIn(judged)).toEqual(['AuditLogs']);
    expect(judged.sources.list[0]).toMatchObject({
      category: 'AuditLogs',
      day: 0,
      usual: expect.any(Number) as number,
    });
    expect(judged.findings).toMatchObject([{ code: 'source-silent', severity: 'warning', object: 'AuditLogs' }]);
    expect(judged.findings[0]?.detail).toMatch(
      /^none was logged for 48 h, since .*; before, about \d+ a day came, never with longer than 24 h between two; it counts as silent after 48 h$/,
    );
    expect((judged.sources.list[0]?.usual ?? 0) - 30).toBeLessThan(4);
  });

  test('that rests each weekend is not silent on a Sunday, and is when it stays away', async () => {
    const scene = await story(21, (day) => [
      { category: 'Steady' },
      ...(day % 7 < 5 && day < 19 ? [{ category: 'Office', count: 20 }] : []),
    ]);
    // The last one came on the day 18; days 19 and 20 are a weekend.
    expect(silentIn(await judge(scene, 20 * DAY + 12))).toEqual([]);
    for (let day = 21; day < 26; day++) await scene.seal(day * DAY + 12, [{ category: 'Steady' }]);
    expect(silentIn(await judge(scene, 25 * DAY + 12))).toEqual(['Office']);
  });

  test('of which too little is known is not judged; one that somebody named is', async () => {
    const scene = await story(6, (day) => [
      { category: 'Steady' },
      ...(day === 0 ? [{ category: 'Rare', count: 3 }] : []),
    ]);
    const hour = 5 * DAY + 12;
    expect(silentIn(await judge(scene, hour))).toEqual([]);
    const named = await judge(scene, hour, expecting(['Rare', 100], ['NeverCame', 6], ['Switched', 0]));
    expect(silentIn(named)).toEqual(['Rare', 'NeverCame']);
    expect(named.findings.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('a silence of 4 days is set as the most') as string,
      'it is expected to come, and none was seen in the last 28 days',
    ]);
    expect(silentIn(await judge(scene, hour, expecting(['Rare', 200])))).toEqual([]);
  });

  test('that is set to 0 is never silent', async () => {
    const scene = await story(8, (day) => [
      { category: 'Steady' },
      ...(day < 3 ? [{ category: 'Batch', count: 50 }] : []),
    ]);
    expect(silentIn(await judge(scene, 7 * DAY + 12))).toEqual(['Batch']);
    expect(silentIn(await judge(scene, 7 * DAY + 12, expecting(['Batch', 0])))).toEqual([]);
  });

  test('records without one are told apart too', async () => {
    const scene = await story(2, () => [{ category: '', count: 4 }]);
    const { sources } = await judge(scene, DAY + 12);
    expect(sources.list).toMatchObject([{ category: '', day: 4, usual: null }]);
  });

  test('made up by whoever sends, a thousand times, hides none that somebody named', async () => {
    const scene = new StatusScene();
    const flood = Array.from({ length: 100 }, (_, i) => ({ category: `Flood${i}`, count: 12, partition: `${i % 4}` }));
    await scene.seal(1, [{ category: 'AuditLogs', count: 2 }, ...flood]);
    await scene.seal(60, [{ category: 'Steady' }]);
    const judged = await judge(scene, 60, expecting(['AuditLogs', 24]));
    expect(judged.findings).toHaveLength(100);
    expect(judged.omitted).toBe(1);
    expect(judged.findings[0]?.object).toBe('AuditLogs');
  });
});

describe('what is read', () => {
  test('is counted by the hour of the last event, and nothing is later than now, whatever a clock says', async () => {
    const scene = new StatusScene();
    await scene.seal(1, [{ count: 2 }]);
    await scene.seal(20, [{ count: 3 }]);
    await scene.seal(30, [{ count: 4 }]);
    const { partitions, categories } = await activityOf(scene, 31);
    const hours = partitions.get('0')?.hours ?? [];
    expect(hours.reduce((sum, count) => sum + count, 0)).toBe(7);
    expect([hours[12], hours[22]]).toEqual([3, 4]);
    expect(categories.get('A')).toMatchObject({ early: 2, sampled: 0 });
    // Asked an hour before the last ones came, as if the clock here were behind.
    expect((await activityOf(scene, 29)).categories.get('A')?.last).toBe(atHour(29, 2));
  });

  test('is evenly spaced where there is too much, and says so', async () => {
    expect(evenly(0, 10, 20)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(evenly(0, 10, 2)).toEqual([4, 9]);
    expect(evenly(3, 3, 5)).toEqual([]);
    const scene = new StatusScene();
    for (let hour = 1; hour <= 60; hour += 3)
      await scene.seal(
        hour,
        Array.from({ length: 60 }, (_, i) => ({ category: 'Steady', partition: `${i % 8}` })),
      );
    const bundles = bundlesOf(scene);
    expect(bundles.count).toBeGreaterThan(4);
    const all = await readActivity(bundles, atHour(60));
    const some = await readActivity(bundles, atHour(60), new Set(), { mostOfDay: 1, mostBefore: 2 });
    expect(some.sampled.read).toBe(2);
    expect(some.sampled.of).toBe(bundles.count - 1);
    expect(some.dayFrom).toBeGreaterThan(all.dayFrom);
    // What is usual is about the same by some of it.
    const usual = (activity: Activity): number =>
      judgeSources(activity, NOTHING, atHour(60)).sources.list[0]?.usual ?? 0;
    expect(Math.abs(usual(some) - usual(all)) / usual(all)).toBeLessThan(0.3);
  });

  test('finds the entry of any segment', async () => {
    const scene = new StatusScene();
    for (let hour = 1; hour <= 8; hour++)
      await scene.seal(
        hour,
        Array.from({ length: 40 }, (_, i) => ({ category: 'C', partition: `${i % 3}` })),
      );
    const bundles = bundlesOf(scene);
    for (const [partition, index] of [
      ['0', 0],
      ['1', 50],
      ['2', 103],
    ] as const)
      expect(await bundles.find({ partition, index })).toMatchObject({ partition, index });
    expect(await bundles.find({ partition: '2', index: 104 })).toBeUndefined();
    expect(await bundles.find({ partition: '7', index: 0 })).toBeUndefined();
    expect(scene.store.objects.has(nameOf(103, '2'))).toBe(true);
  });
});
