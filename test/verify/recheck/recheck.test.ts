import { LEDGER, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { AUDITOR, integrateOf, keyOf, signerOf } from '../../support/logs.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS, auditorsOf } from '../../support/reports.ts';
import { AuditsealError } from '../../../src/core/errors.ts';
import { openPlan } from '../../../src/core/objects/recheck.ts';
import type { PlannedSlice } from '../../../src/core/objects/recheck.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import type { RecheckSoFar } from '../../../src/verify/options.ts';
import { printedBytes, totalOf } from '../../../src/verify/recheck/plan.ts';

const DUE = { isDue: true, canGoOn: true, lastFull: NaN, entries: 0 };
const HOUR = 3600;
const SLICES = 4;

let ledger: Ledger;
let scene: RecheckScene;
beforeEach(async () => {
  ledger = await ledgerOf(SLICES, 12);
  scene = new RecheckScene(ledger, SECOND + 100);
});

const fileNames = (): string[] => [...scene.files.objects.keys()].sort();
const nameOfSlice = (slice: number, end: string): string =>
  fileNames().find((name) => name.endsWith(`/00000${slice}.${end}`)) as string;
const turn = async (changes = {}): Promise<RecheckSoFar> => (await scene.recheck(changes).turn(DUE)) as RecheckSoFar;
const join = async (soFar: RecheckSoFar): Promise<Report> =>
  checkLedger(ledger, { auditors: AUDITORS, ledger: LEDGER, recheck: soFar }, scene.second);
const underway = (done: number): object => ({ underway: { slices: SLICES, done, findings: [] } });

test('a ledger that is small enough is re-hashed in one run, and no message is sent', async () => {
  expect(await scene.recheck({ wholeBytes: 1e9 }).turn(DUE)).toBe('whole');
  expect(await scene.recheck().turn({ ...DUE, isDue: false, lastFull: 0 })).toBeUndefined();
  expect([scene.queue.messages, fileNames()]).toEqual([[], []]);
});

test('each slice is handed out once, and joined when all are done', async () => {
  expect(await turn()).toEqual(underway(0));
  expect(scene.queue.messages).toHaveLength(SLICES);
  await scene.work(scene.queue.messages.shift() as string);
  // The others are on their way.
  expect(await turn()).toEqual(underway(1));
  expect(scene.queue.messages).toHaveLength(SLICES - 1);
  await scene.workAll();
  scene.second += 10;
  const report = await join(await turn());
  expect(report).toMatchObject({ status: 'verified', findings: [], checked: { mode: 'full', segments: 24 } });
  const [first, last] = [timeOf(SECOND + 100), timeOf(SECOND + 110)];
  expect(report.checked.rehashed).toEqual({ first, last, slices: SLICES, segments: 24 });
  await scene.recheck().end();
  expect(fileNames()).toEqual([]);
});

test('a check that joins slices reads none of their segments again', async () => {
  await turn();
  await scene.workAll();
  const soFar = await turn();
  const read = ledger.store.beforeRead;
  ledger.store.beforeRead = (name) => {
    if (name.startsWith('segments/')) throw new Error(`${name} is read`);
    return read(name);
  };
  expect((await join(soFar)).status).toBe('verified');
});

test('a lost message is sent again, once the queue is empty', async () => {
  await turn();
  scene.queue.messages.splice(1, 2);
  await scene.workAll();
  expect(await turn()).toEqual(underway(2));
  expect(scene.queue.messages).toHaveLength(2);
  await scene.workAll();
  expect((await join(await turn())).status).toBe('verified');
});

test('who holds back a message keeps its slice for a quarter of an hour at most', async () => {
  await turn();
  scene.queue.messages = [];
  scene.queue.held = 1;
  expect(await turn()).toEqual(underway(0));
  expect(scene.queue.messages).toEqual([]);
  scene.second += 16 * 60;
  await turn();
  expect(scene.queue.messages).toHaveLength(SLICES);
});

test('a doubled message finds the slice done, and two that work on one file the same', async () => {
  await turn();
  const [message = ''] = scene.queue.messages;
  await Promise.all([scene.work(message), scene.work(message)]);
  await scene.work(message);
  expect(scene.log.lines.filter(({ message: said }) => said === 'slice passed over')).toHaveLength(1);
  await scene.workAll();
  expect((await join(await turn())).checked.rehashed).toMatchObject({ slices: SLICES, segments: 24 });
});

test.each([
  ['no text', undefined],
  ['no JSON', 'verified'],
  ['no object', '[]'],
  ['a pass that is a path', '{"pass":"../x","slice":0}'],
  ['a slice that the plan has not', undefined],
  ['a number that is none', '{"pass":"20261127T000000000Z-0000000000000000","slice":1e300}'],
])('a message with %s changes nothing', async (what, text) => {
  await turn();
  const files = fileNames();
  const made = JSON.parse(scene.queue.messages[0] as string) as { pass: string };
  await scene.work(what.startsWith('a slice') ? JSON.stringify({ ...made, slice: 77 }) : (text as string));
  expect(fileNames()).toEqual(files);
  expect(scene.log.lines.at(-1)).toMatchObject({ level: 'warn', message: 'recheck message ignored' });
});

test('a late message of an old plan is passed over, and what is left of that plan counts for nothing', async () => {
  await turn();
  const late = scene.queue.messages.splice(0);
  for (const message of late) await scene.work(message);
  const old = new Map(scene.files.objects);
  await scene.recheck().end();
  for (const message of late) await scene.work(message);
  expect(fileNames()).toEqual([]);
  // Somebody puts all of it back, signed as it is.
  for (const [name, bytes] of old) scene.files.objects.set(name, bytes);
  const lastFull = Date.parse(timeOf(SECOND + 101));
  scene.second += 24 * HOUR;
  expect(await scene.recheck().turn({ ...DUE, lastFull })).toEqual(underway(0));
  expect(fileNames()).toHaveLength(1);
  expect(fileNames()).not.toEqual([...old.keys()].sort().slice(-1));
});

test('a pass that takes too long is given up, and begun anew', async () => {
  await turn();
  const [name] = fileNames();
  scene.second += 49 * HOUR;
  await scene.workAll();
  expect(fileNames()).toEqual([name]);
  expect(await turn()).toEqual(underway(0));
  expect(fileNames()).not.toEqual([name]);
});

describe('what an auditor of this ledger did not sign for this slice', () => {
  beforeEach(async () => {
    await turn();
    await scene.workAll();
  });

  const put = (name: string, bytes: Buffer): void => void scene.files.objects.set(name, bytes);
  const taken = (name: string): Buffer => scene.files.objects.get(name) as Buffer;

  test.each<[string, () => void | Promise<void>]>([
    ['a result that is gone', () => void scene.files.objects.delete(nameOfSlice(1, 'json'))],
    ['a file that is gone', () => void scene.files.objects.delete(nameOfSlice(1, 'jsonl.zst'))],
    ['a result that is no JSON', () => put(nameOfSlice(1, 'json'), Buffer.from('{}'))],
    ['the result of another slice', () => put(nameOfSlice(1, 'json'), taken(nameOfSlice(0, 'json')))],
    [
      'a result that says more',
      () => {
        const name = nameOfSlice(1, 'json');
        put(name, Buffer.from(taken(name).toString().replace('"confirmed":6', '"confirmed":7')));
      },
    ],
    [
      'a result by a key of his own',
      async () => {
        const thief = new RecheckScene(ledger, scene.second);
        const signer = signerOf(keyOf(66, `${LEDGER}/auditor`));
        for (const [name, bytes] of scene.files.objects)
          if (name.endsWith('plan.json')) thief.files.objects.set(name, bytes);
        const { pass } = JSON.parse(taken(fileNames().at(-1) as string).toString()).recheck as { pass: string };
        await thief.work(JSON.stringify({ pass, slice: 1 }), { signer });
        put(nameOfSlice(1, 'json'), thief.files.objects.get(nameOfSlice(1, 'json')) as Buffer);
      },
    ],
    [
      'the result of another ledger by its own auditor',
      async () => {
        const name = `${LEDGER}/other`;
        const other = new RecheckScene(await ledgerOf(SLICES, 12, undefined), scene.second);
        const signer = signerOf(keyOf(100, `${name}/auditor`));
        const changes = { auditors: auditorsOf(name), signer };
        await other.recheck(changes).turn(DUE);
        for (const message of other.queue.messages) await other.work(message, changes);
        const theirs = [...other.files.objects].find(([file]) => file.endsWith('/000001.json'));
        put(nameOfSlice(1, 'json'), theirs?.[1] as Buffer);
      },
    ],
  ])('%s costs time, and no more', async (_what, change) => {
    await change();
    expect(await turn()).toEqual(underway(SLICES - 1));
    expect(scene.queue.messages).toHaveLength(1);
    await scene.workAll();
    expect((await join(await turn())).checked.rehashed).toMatchObject({ segments: 24 });
  });

  test('a file that another stands in the place of confirms nothing: whoever joins reads that slice himself', async () => {
    put(nameOfSlice(1, 'jsonl.zst'), taken(nameOfSlice(0, 'jsonl.zst')));
    ledger.store.objects.set(nameOf(3), Buffer.from('changed'));
    const report = await join(await turn());
    expect(report).toMatchObject({ status: 'violated', checked: { rehashed: { segments: 18 } } });
    // And the next one doesn't meet it again.
    expect(fileNames().some((name) => name.endsWith('/000001.json'))).toBe(false);
  });

  test('a segment that is gone by then, or has another size, is found', async () => {
    const soFar = await turn();
    ledger.store.objects.delete(nameOf(3));
    ledger.store.objects.set(nameOf(5, '1'), Buffer.from('changed'));
    const { status, findings } = await join(soFar);
    expect(status).toBe('violated');
    expect(findings.map(({ object }) => object)).toEqual(expect.arrayContaining([nameOf(3), nameOf(5, '1')]));
  });
});

test('what a slice finds is said by the next run, long before all are done', async () => {
  const before = await checkLedger(ledger, { auditors: AUDITORS, ledger: LEDGER }, SECOND + 61);
  await turn();
  ledger.store.objects.set(nameOf(1), Buffer.from('changed'));
  await scene.work(scene.queue.messages.shift() as string);
  const soFar = await turn();
  expect(soFar.underway?.findings).toMatchObject([{ code: 'foreign-object', object: nameOf(1) }]);
  const anchor = { name: 'reports/000000000000.json', report: before };
  const report = await checkLedger(
    ledger,
    { auditors: AUDITORS, anchor, isIncremental: true, recheck: soFar },
    scene.second,
  );
  expect(report).toMatchObject({ status: 'violated', checked: { mode: 'incremental' } });
});

test('a slice whose segments cannot be read now is not done', async () => {
  await turn();
  ledger.store.beforeRead = (name) => {
    if (name === nameOf(1)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
  };
  const [message = ''] = scene.queue.messages;
  await expect(scene.work(message)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(fileNames()).toHaveLength(1);
});

test('a segment in the archive tier is said to be unreadable, as in one run', async () => {
  ledger.store.beforeRead = (name) => (name === nameOf(1) ? 'archived' : undefined);
  await turn();
  await scene.workAll();
  const report = await join(await turn({ wholeBytes: 1e9 }));
  const whole = await checkLedger(ledger, { auditors: AUDITORS, ledger: LEDGER }, scene.second);
  expect([report.status, report.unreadable]).toEqual([whole.status, whole.unreadable]);
  // A ledger that can't be read in whole for days is no reason to read it all the time.
  await scene.recheck().end();
  const lastFull = scene.now();
  const since = { isDue: false, canGoOn: false, lastFull, entries: 0 };
  expect(await scene.recheck().turn(since)).toBeUndefined();
  scene.second += 25 * HOUR;
  expect(await scene.recheck().turn(since)).toEqual(underway(0));
});

/** grow adds two segments, and takes them into the log. */
async function grow(): Promise<void> {
  for (const [name, bytes] of forgeChain(14)) ledger.store.objects.set(name, bytes);
  const { store, tiles } = ledger;
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 50)) }).run(new KeptLog());
}

test('a log that grows meanwhile: a little is read by whoever joins, much gets slices of its own', async () => {
  await turn();
  await scene.workAll();
  await grow();
  const little = await join(await turn({ wholeBytes: 1e9 }));
  expect(little.checked).toMatchObject({ segments: 26, rehashed: { slices: SLICES, segments: 24 } });
  expect(await turn()).toEqual({ underway: { slices: SLICES + 1, done: SLICES, findings: [] } });
  scene.queue.messages = [];
  await turn();
  await scene.workAll();
  expect((await join(await turn())).checked.rehashed).toMatchObject({ slices: SLICES + 1, segments: 26 });
});

test('a key that the log announces meanwhile, and before: each segment is judged by those of its place', async () => {
  const [old, young] = [keyOf(1), keyOf(2)];
  const { store, tiles } = ledger;
  for (const [name, bytes] of forgeChain(14)) store.objects.set(name, bytes);
  await integrateOf(store, tiles, {
    now: () => Date.parse(timeOf(SECOND + 50)),
    verifiers: [old.verifierKey, young.verifierKey],
    signers: [signerOf(old), signerOf(young)],
  }).run(new KeptLog());
  const verifiers = [old.verifierKey, young.verifierKey];
  await turn({ verifiers });
  for (const message of scene.queue.messages.splice(0)) await scene.work(message, { verifiers });
  const options = { auditors: AUDITORS, ledger: LEDGER, verifiers };
  const report = await checkLedger(ledger, { ...options, recheck: await turn({ verifiers }) }, scene.second);
  const whole = await checkLedger(ledger, options, scene.second);
  expect([report.findings, report.log]).toEqual([whole.findings, whole.log]);
  expect(report.checked.rehashed).toMatchObject({ segments: 26 });
});

test('slices are spread over days, and all at once where there is no report to go on from', async () => {
  const spread = { spreadMs: 4 * 24 * 3_600_000, mostMs: 30 * 24 * 3_600_000 };
  const since = { ...DUE, lastFull: Date.parse(timeOf(SECOND)) };
  const handedOut: number[] = [];
  for (const day of [0, 1, 2, 3, 4]) {
    await scene.recheck(spread).turn(since);
    handedOut.push(scene.queue.messages.length);
    for (const message of scene.queue.messages.splice(0)) await scene.work(message, { mostMs: spread.mostMs });
    scene.second = SECOND + 200 + (day + 1) * 24 * HOUR;
  }
  expect(handedOut.reduce((sum, one) => sum + one)).toBe(SLICES);
  expect(Math.max(...handedOut)).toBeLessThan(3);
  scene = new RecheckScene(ledger, SECOND + 100);
  await scene.recheck(spread).turn(DUE);
  expect(scene.queue.messages).toHaveLength(SLICES);
});

test('what the host has given up is said by each run', async () => {
  scene.queue.given = 3;
  await turn();
  expect(scene.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', message: 'recheck messages given up' }),
  );
});

test('tiles that prove nothing leave all to one run, which says what is wrong with them', async () => {
  for (const name of ledger.tiles.objects.keys()) if (name !== 'checkpoint') ledger.tiles.objects.delete(name);
  expect(await scene.recheck().turn(DUE)).toBe('whole');
  expect(scene.log.lines.at(-1)).toMatchObject({ level: 'warn', message: 'recheck not planned' });
});

test('only who has the auditor’s key makes a plan', async () => {
  await scene.recheck({ signer: signerOf(keyOf(66, `${LEDGER}/auditor`)) }).turn(DUE);
  const [forged] = fileNames();
  const [message = ''] = scene.queue.messages.splice(0);
  await scene.work(message);
  expect(fileNames()).toEqual([forged]);
  expect(await turn()).toEqual(underway(0));
  expect(fileNames()).not.toContain(forged);
  expect(AUDITOR.verifierKey.keyName).toBe(`${LEDGER}/auditor`);
});

describe('a plan that would be too large', () => {
  const sizes = async (changes: object): Promise<readonly PlannedSlice[]> => {
    scene.files.objects.clear();
    await turn(changes);
    const [name = ''] = fileNames().filter((it) => it.endsWith('/plan.json'));
    return openPlan(scene.files.objects.get(name) as Buffer, name.split('/')[0] as string, AUDITORS).slices;
  };

  test('has larger slices, of the same segments', async () => {
    const small = await sizes({});
    const large = await sizes({ planBytes: printedBytes(small) - 1 });
    expect([small.length, large.length]).toEqual([SLICES, SLICES / 2]);
    expect(totalOf(large)).toEqual(totalOf(small));
    expect(large.map(({ from, to }) => [from, to])).toEqual([
      [0, small[1]?.to],
      [small[1]?.to, small[3]?.to],
    ]);
    const [first, second] = small.slice(0, 2).map(({ ranges }) => new Map(ranges.map((it) => [it.partition, it])));
    expect(large[0]?.ranges).toEqual(
      [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])].map((partition) => ({
        partition,
        first: (first?.get(partition) ?? second?.get(partition))?.first,
        next: (second?.get(partition) ?? first?.get(partition))?.next,
      })),
    );
    scene.queue.messages.splice(0, SLICES);
    await scene.workAll();
    const report = await join(await turn());
    expect(report).toMatchObject({ status: 'verified', checked: { segments: 24, rehashed: { segments: 24 } } });
  });

  test('gets no further slices for what came meanwhile: who joins reads that itself', async () => {
    const planBytes = printedBytes(await sizes({})) / 2;
    scene.queue.messages = [];
    scene.files.objects.clear();
    await turn({ planBytes });
    await scene.workAll();
    await grow();
    const report = await join(await turn({ planBytes: planBytes / 4 }));
    expect(report).toMatchObject({ status: 'verified', checked: { segments: 26, rehashed: { segments: 24 } } });
  });
});
