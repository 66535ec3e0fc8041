import { runStatusJob } from '../../src/status/job.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { AUDITORS, filingIn } from '../support/reports.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';

const LIVE = 25 * 60_000;

/** run files how a scene stands, a quarter behind an hour of it, and gives what that logs. */
async function run(scene: StatusScene, hour: number): Promise<{ readonly lines: string[]; readonly text: string }> {
  const log = new KeptLog();
  await runStatusJob({
    store: scene.store,
    tiles: scene.tiles,
    now: () => atHour(hour, 15),
    log,
    filing: filingIn(scene.store),
    auditors: AUDITORS,
    question: {
      isCopy: false,
      verifiers: [KEY.verifierKey],
      promise: { silentHours: 2, expected: new Map([['SecretCategory', 3]]) },
      idleMs: LIVE,
    },
  });
  const lines = log.lines.map(({ message, fields }) => {
    const { newlySilent, silent, code } = fields as Readonly<Record<string, string | number | undefined>>;
    return [message, code ?? newlySilent, silent].filter((part) => part !== undefined).join(' ');
  });
  return { lines, text: JSON.stringify(log.lines) };
}

/** grown is a ledger that gets records of two categories in its first hours, and of one from then on. */
async function grown(last: number): Promise<StatusScene> {
  const scene = new StatusScene();
  for (let hour = 1; hour <= last; hour++)
    await scene.seal(hour, [{ count: 10 }, ...(hour === 1 ? [{ category: 'SecretCategory', count: 10 }] : [])]);
  return scene;
}

const filedIn = ({ store }: StatusScene): string[] =>
  [...store.objects.keys()].filter((name) => name.startsWith('reports/'));

test('a source that falls silent is logged once, and never by its name, which records state', async () => {
  const scene = await grown(6);
  const first = await run(scene, 6);
  expect(first.lines).toEqual(['sources fell silent 1 1', 'status 1']);
  expect(filedIn(scene)).toHaveLength(2);
  const [json = ''] = filedIn(scene).filter((name) => name.endsWith('.json'));
  expect(String(scene.store.objects.get(json))).toContain('SecretCategory');
  const second = await run(scene, 6);
  expect(second.lines).toEqual(['status 1']);
  expect(first.text + second.text).not.toContain('SecretCategory');
});

test('one that came back and fell silent again is logged again', async () => {
  const scene = await grown(6);
  await run(scene, 6);
  await scene.seal(7, [{ category: 'SecretCategory', count: 1 }, { count: 1 }]);
  expect((await run(scene, 7)).lines).toEqual(['status 0']);
  for (let hour = 8; hour <= 11; hour++) await scene.seal(hour, [{ count: 1 }]);
  expect((await run(scene, 11)).lines).toEqual(['sources fell silent 1 1', 'status 1']);
});

test('a log that stands still is a new finding once, however its age is said', async () => {
  const scene = await grown(2);
  const said: string[] = [];
  for (const hour of [4, 5, 6]) said.push(...(await run(scene, hour)).lines.filter((line) => line.includes('stale')));
  expect(said).toEqual([
    'finding checkpoint-stale',
    'standing finding checkpoint-stale',
    'standing finding checkpoint-stale',
  ]);
});
