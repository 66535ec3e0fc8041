// A recheck in slices comes to its end, in bounded time and memory, whatever is gone and whoever may write what it is made of.
import { LEDGER, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf, textOf } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { AUDITOR, KEY, integrateOf, signerOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS } from '../../support/reports.ts';
import { AuditsealError } from '../../../src/core/errors.ts';
import { formatHash, sha256 } from '../../../src/core/hash.ts';
import { parseCheckpoint } from '../../../src/core/note/checkpoint.ts';
import { NO_HEADS } from '../../../src/core/objects/heads.ts';
import type { Finding, Report } from '../../../src/core/objects/report.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import type { RecheckSoFar } from '../../../src/verify/options.ts';
import { RecheckFiles } from '../../../src/verify/recheck/files.ts';
import { mergeSlices, planSlices, printedBytes } from '../../../src/verify/recheck/plan.ts';
import { verifyLedger } from '../../../src/verify/verify.ts';

const DUE = { isDue: true, canGoOn: true, lastFull: NaN, entries: 0 };
const DAY = 24 * 3600;
const SLICES = 4;

let ledger: Ledger;
let scene: RecheckScene;
beforeEach(async () => {
  ledger = await ledgerOf(SLICES, 12);
  scene = new RecheckScene(ledger, SECOND + 100);
});

const turn = async (changes = {}): Promise<RecheckSoFar> => (await scene.recheck(changes).turn(DUE)) as RecheckSoFar;
const join = async (recheck: RecheckSoFar): Promise<Report> => {
  expect(recheck.rehashed).toBeDefined();
  return checkLedger(ledger, { auditors: AUDITORS, ledger: LEDGER, recheck }, scene.second);
};
const filesOf = ({ files, now }: RecheckScene): RecheckFiles =>
  new RecheckFiles({ files, now, auditors: AUDITORS, signer: signerOf(AUDITOR) });
const nameOfFile = (end: string): string =>
  [...scene.files.objects.keys()].find((name) => name.endsWith(end)) as string;

/** archive moves segments to the archive tier, where their signatures stand in their metadata. */
function archive(names: readonly string[]): void {
  const { store } = ledger;
  for (const name of names) {
    const end = (store.objects.get(name) as Buffer).toString('latin1').split('Z*M\x18')[1] as string;
    store.metadataOf.set(name, { signature: Buffer.from(end, 'latin1').subarray(4).toString('base64') });
  }
  store.beforeRead = (name) => (names.includes(name) ? 'archived' : undefined);
}

const ALL = ['0', '1'].flatMap((partition) => Array.from({ length: 12 }, (_, index) => nameOf(index, partition)));

describe('what nobody can read is not waited for, however much it is', () => {
  test.each<[string, () => void, string]>([
    ['in the archive tier', () => archive(ALL.slice(0, 20)), 'unverified'],
    ['gone', () => ALL.slice(0, 20).forEach((name) => ledger.store.objects.delete(name)), 'violated'],
  ])('%s', async (_what, change, status) => {
    change();
    await turn();
    await scene.workAll();
    const report = await join(await turn());
    const whole = await checkLedger(ledger, { auditors: AUDITORS, ledger: LEDGER }, scene.second);
    expect([report.status, report.findings]).toEqual([status, whole.findings]);
    const unreadable = ({ unreadable }: Report): string[] => unreadable.map(({ object }) => object).sort();
    expect(unreadable(report)).toEqual(unreadable(whole));
  });
});

test('slices that were worked on while tiles were wrong are done again', async () => {
  await turn();
  const { objects } = ledger.tiles;
  const right = new Map(objects);
  for (const name of objects.keys()) if (name.startsWith('tile/entries/')) objects.delete(name);
  await scene.workAll();
  for (const [name, bytes] of right) objects.set(name, bytes);
  scene.second += 3600;
  expect((await turn()).underway?.findings).toMatchObject([{ code: 'tile-mismatch' }]);
  expect(scene.queue.messages).toHaveLength(SLICES);
  await scene.workAll();
  expect(await join(await turn())).toMatchObject({ status: 'verified', checked: { rehashed: { segments: 24 } } });
});

test('what many slices found is listed no further than a report would', async () => {
  await turn();
  const { pass } = JSON.parse((scene.files.objects.get(nameOfFile('plan.json')) as Buffer).toString()).recheck as {
    pass: string;
  };
  const files = filesOf(scene);
  const plan = await files.plan(pass);
  const rehashed = Buffer.alloc(0);
  for (const [slice, { from, to, segments }] of [...(plan?.slices.entries() ?? [])].slice(1)) {
    const findings = Array.from({ length: 900 }, (_, i): Finding => ({
      code: 'segment-missing',
      severity: 'error',
      object: nameOf(1000 * slice + i),
      detail: 'no object has this name, and it has an entry in the log',
    }));
    const [started, finished] = [timeOf(scene.second), timeOf(scene.second)];
    const counts = { segments, confirmed: 0, rehashed: formatHash(sha256(rehashed)) };
    const { log } = plan as NonNullable<typeof plan>;
    const of = { version: 1, kind: 'partial', ledger: LEDGER, pass, slice, from, to, log } as const;
    await files.writePartial({ partial: { ...of, started, finished, ...counts, findings, unreadable: [] }, rehashed });
  }
  const { underway } = await turn();
  expect([underway?.done, underway?.findings.length]).toEqual([3, 1000]);
});

test('partitions of very different size have no file of a slice read over and over', async () => {
  const steps = 32;
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const chains = Array.from({ length: 6 }, (_, i) => [...forgeChain((steps * 8) / 2 ** i, String(i))]);
  for (let step = 1; step <= steps; step++) {
    for (const chain of chains) {
      const length = chain.length / (steps - step + 1);
      for (const [name, bytes] of chain.splice(0, Math.floor(length))) store.objects.set(name, bytes);
    }
    await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + step)) }).run(new KeptLog());
  }
  scene = new RecheckScene({ store, tiles }, SECOND + 100);
  await turn();
  await scene.workAll();
  const recheck = await turn();
  const reads: string[] = [];
  scene.files.beforeRead = (name) => void (name.endsWith('.zst') && reads.push(name));
  const report = await verifyLedger(
    {
      store,
      tiles,
      now: scene.now,
      summarize: async (stored, question) => summarizeSegment(stored, question),
      concurrency: 3,
      requests: 128,
    },
    { verifiers: [KEY.verifierKey], auditors: AUDITORS, ledger: LEDGER, recheck },
  );
  expect(report).toMatchObject({ status: 'verified', checked: { segments: 504, rehashed: { segments: 504 } } });
  expect(reads.length).toBeLessThanOrEqual(new Set(reads).size + 4);
});

test('a file that is another one, and that nobody lets be removed, keeps no check from its end', async () => {
  await turn();
  await scene.workAll();
  scene.files.objects.set(nameOfFile('/000001.jsonl.zst'), Buffer.from('another'));
  scene.files.remove = async () => Promise.reject(new AuditsealError('STORE_UNAVAILABLE', '409 SnapshotsPresent'));
  expect(await join(await turn())).toMatchObject({ status: 'verified', checked: { rehashed: { segments: 18 } } });
});

describe('a host whose clock is days ahead', () => {
  const ahead = { now: (): number => scene.now() + 30 * DAY * 1000 };

  test('makes nobody say that something was read later than it was', async () => {
    await turn();
    for (const message of scene.queue.messages.splice(0)) await scene.work(message, { ...ahead, mostMs: 1e12 });
    scene.second += 20 * 3600;
    const { checked } = await join(await turn());
    expect(checked.rehashed?.first).toBe(timeOf(SECOND + 100));
  });

  test('makes nobody wait longer for messages that are held back', async () => {
    await turn();
    const [message = ''] = scene.queue.messages.splice(0);
    await scene.work(message, { ...ahead, mostMs: 1e12 });
    scene.queue.held = 1;
    scene.second += 16 * 60;
    await turn();
    expect(scene.queue.messages).toHaveLength(SLICES - 1);
  });
});

test('files that somebody plants among the results are not counted among them', async () => {
  await turn();
  const [pass = ''] = nameOfFile('plan.json').split('/');
  for (const name of ['x', '000000.jsonx', '000000.json/x', 'plan.json'])
    scene.files.objects.set(`${pass}/${name}`, scene.files.objects.get(`${pass}/${name}`) ?? Buffer.alloc(0));
  const files = filesOf(scene);
  expect([...(await files.names(pass))]).toEqual([]);
});

test('slices that become fewer have the same entries and segments', () => {
  const range = (partition: string, first: number, next: number) => ({ partition, first, next });
  const slices = [
    { from: 0, to: 10, segments: 3, bytes: 30, ranges: [range('0', 0, 2), range('1', 0, 1)] },
    { from: 10, to: 20, segments: 3, bytes: 40, ranges: [range('0', 2, 4), range('2', 0, 1)] },
    { from: 20, to: 21, segments: 1, bytes: 5, ranges: [range('1', 1, 2)] },
  ];
  expect(mergeSlices(slices, printedBytes(slices) - 1)).toEqual([
    { from: 0, to: 20, segments: 6, bytes: 70, ranges: [range('0', 0, 4), range('1', 0, 1), range('2', 0, 1)] },
    slices[2],
  ]);
});

test('a slice has no more segments than its file has room for, whatever it may weigh', async () => {
  const tree = parseCheckpoint(textOf(ledger, SLICES - 1));
  const start = { from: 0, before: NO_HEADS };
  const segmentsOf = async (...most: [number, number?]): Promise<number[]> =>
    (await planSlices(ledger.tiles, tree, start, ...most)).map(({ segments }) => segments);
  expect(await segmentsOf(Infinity)).toEqual([24]);
  expect(await segmentsOf(Infinity, 7)).toEqual([12, 12]);
  expect(await segmentsOf(1, 7)).toEqual([6, 6, 6, 6]);
});
