import { expectIndex, indexedLog, indexingOf, statedIndex } from '../support/indexScene.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { hostileRecord } from '../support/hostileRecords.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import { picks } from '../support/sample.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { openIndexedLog } from '../../src/find/indexedLog.ts';
import { makeAnswer } from '../../src/find/answer.ts';
import { SWEEP_AFTER_MS } from '../../src/integrate/sweepIndex.ts';
import type { Integrate } from '../../src/integrate/integrate.ts';

const HOUR = 3_600_000;

/** At these hours of a day it is worked out what the index has to be, which takes longer than what is tested. */
const looked = new Set(picks(24, 6, 6));

let store: MemoryStore;
let tiles: MemoryTiles;
let time: number;
let sealed: number;
const random = new Random(5);
beforeEach(() => {
  [store, tiles, time, sealed] = [new MemoryStore(), new MemoryTiles(), 0, 0];
  tiles.clock = () => time;
});

const aProcess = (): Integrate => indexedLog(store, tiles, { indexing: indexingOf(store, tiles, { now: () => time }) });

async function hours(count: number, log: Integrate, kept = new KeptLog()): Promise<KeptLog> {
  for (const end = time + count * HOUR; time < end; time += HOUR) {
    const event = { ...eventAt(sealed), body: Buffer.from(hostileRecord(random)) };
    await sealAll(ingestOf(store), [event], '0');
    sealed += 1;
    await log.run(kept);
  }
  return kept;
}

const indexFiles = (): string[] => [...tiles.objects.keys()].filter((name) => name.startsWith('index/'));

/** namesOf gives a manifest's file and those of its units. */
function namesOf(manifest: string): string[] {
  const { units } = JSON.parse((tiles.objects.get(manifest) as Buffer).toString('utf8')) as {
    units: { root: string; segments: number }[];
  };
  return [manifest, ...units.filter(({ segments }) => segments > 0).map(({ root }) => `index/units/${root}`)];
}

test('what no index of the last two days has is removed, and everything else stays', async () => {
  const log = aProcess();
  const everything = new Set<string>();
  const wasNeeded = new Map<string, number>();
  const kept = new KeptLog();
  for (let day = 0; day < 6; day++) {
    for (let hour = 0; hour < 24; hour++) {
      await hours(1, log, kept);
      for (const name of indexFiles()) everything.add(name);
      // What is current now was needed until now.
      const { manifest } = statedIndex(store) ?? {};
      if (manifest !== undefined)
        for (const name of namesOf(`index/manifests/${manifest}`)) wasNeeded.set(name, time - HOUR);
      if (looked.has(hour)) expectIndexIfStated();
    }
    const present = new Set(indexFiles());
    for (const [name, until] of wasNeeded)
      if (until >= time - SWEEP_AFTER_MS) expect([name, present.has(name)]).toEqual([name, true]);
  }
  expect(kept.errors).toEqual([]);
  const removed = kept.lines.filter(({ message }) => message === 'the index was swept');
  expect(removed.reduce((sum, { fields }) => sum + Number(fields.removed), 0)).toBe(
    everything.size - indexFiles().length,
  );
  // A sweep was within the last day.
  const oldest = Math.min(
    ...indexFiles()
      .filter((name) => name.startsWith('index/manifests/'))
      .map((name) => tiles.times.get(name) ?? 0),
  );
  expect(oldest).toBeGreaterThanOrEqual(time - SWEEP_AFTER_MS - 26 * HOUR);
  expect(everything.size - indexFiles().length).toBeGreaterThan(100);
});

function expectIndexIfStated(): void {
  if (statedIndex(store) !== undefined) expectIndex(store, tiles);
}

test('what an auditor’s report has made again stays, however old: an answer by it can still be proved', async () => {
  const log = aProcess();
  await hours(30, log);
  await fileFullCheck(store, tiles);
  await hours(1, log);
  // It has no time after the report, so that the answer may go by the report's index.
  const to = Date.parse('2001-01-01T00:00:00Z');
  await hours(24 * 5, log);
  const verifiers = [KEY.verifierKey];
  const answer = await makeAnswer(
    { store, tiles, verifiers },
    { by: 'hub', terms: new Map(), where: [], texts: [], to },
  );
  expect(answer).toHaveProperty('report');
  expect(await openIndexedLog(tiles, verifiers)).toHaveProperty('manifest');
});

test('a wrong clock of this process, what was just written, and files of strangers: nothing is removed', async () => {
  await hours(30, aProcess());
  const before = indexFiles();
  tiles.objects.set('index/manifests/notes.txt', Buffer.from('x'));
  tiles.objects.set('index/units/readme', Buffer.from('x'));
  time += 1000 * 24 * HOUR;
  tiles.clock = () => 30 * HOUR;
  await hours(2, aProcess());
  for (const name of [...before, 'index/manifests/notes.txt', 'index/units/readme'])
    expect([name, tiles.objects.has(name)]).toEqual([name, true]);
});

test('where the manifest that the log states is gone, nothing is removed but made anew', async () => {
  const log = aProcess();
  await hours(24 * 4, log);
  const { manifest } = statedIndex(store) ?? {};
  const before = indexFiles().filter((name) => name.startsWith('index/units/'));
  tiles.objects.delete(`index/manifests/${manifest}`);
  const kept = await hours(3, aProcess());
  expect(kept.errors).toEqual(['the index is made anew']);
  for (const name of before) expect([name, tiles.objects.has(name)]).toEqual([name, true]);
  expectIndex(store, tiles);
});

test('a right that is missing is said once a day, and keeps nothing from being signed', async () => {
  const why = 'the identity needs the right to delete there';
  tiles.remove = () => Promise.reject(new AuditsealError('STORE_REFUSED', why));
  const kept = await hours(24 * 5, aProcess());
  const said = kept.lines.filter(({ level }) => level === 'warn');
  const warning = { level: 'warn', message: 'the index was not swept', fields: { why } };
  expect(said).toEqual([warning, warning]);
  expectIndex(store, tiles);
});

test('a manifest that is none names nothing', async () => {
  tiles.objects.set(`index/manifests/${'0'.repeat(64)}`, Buffer.from('{"units":[]}'));
  tiles.objects.set(`index/units/${'0'.repeat(64)}`, Buffer.from('junk'));
  const kept = await hours(24 * 4, aProcess());
  expect(kept.errors).toEqual([]);
  expect(tiles.objects.has(`index/units/${'0'.repeat(64)}`)).toBe(false);
  expect(tiles.objects.has(`index/manifests/${'0'.repeat(64)}`)).toBe(false);
});

test('two processes that both sweep keep what the log states', async () => {
  const logs = [aProcess(), aProcess()];
  for (let day = 0; day < 5; day++)
    for (let hour = 0; hour < 24; hour++) {
      await hours(1, logs[random.below(2)] as Integrate);
      time -= HOUR;
      await Promise.all(logs.map((log) => log.run(new KeptLog())));
      time += HOUR;
      if (looked.has(hour)) expectIndexIfStated();
    }
});
