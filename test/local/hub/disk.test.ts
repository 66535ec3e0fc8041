import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { earliestEventPosition } from '@azure/event-hubs';
import { type EventHub, type HubDefinition, startEventHub } from '../../../local/hub/server.ts';
import { bytes, closeAll, numbersOf, openHub, openProducer, readFrom } from './clients.ts';

const T0 = 1_700_000_000_000;
const LOGS = { name: 'logs', partitions: 2, consumerGroups: ['seal'] };
let dataDir: string;
let notes: string[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'event-hub-'));
  notes = [];
});

afterEach(async () => {
  await closeAll();
  rmSync(dataDir, { recursive: true });
});

const open = (time = T0, definition: HubDefinition = LOGS): Promise<EventHub> =>
  openHub({ hubs: [definition], dataDir, now: () => time, note: (line) => notes.push(line) });

/** bodiesOf reads a partition from its beginning. */
const bodiesOf = async (hub: EventHub, count: number): Promise<string[]> =>
  (await readFrom(hub, '0', earliestEventPosition, count)).map(({ body }) => String(body));

const partitionFile = (life = 0): string => join(dataDir, 'logs', String(life), '0.log');

test('a second start goes on with the same events, numbers, offsets and times', async () => {
  const first = await open();
  const producer = openProducer(first.connectionString('logs'));
  await producer.sendBatch([{ body: bytes('a'), properties: { n: 1 } }, { body: Buffer.of(0xff) }], {
    partitionId: '0',
  });
  first.append('logs', '0', [bytes('later')], T0 + 5000);
  const before = await readFrom(first, '0', earliestEventPosition, 3);
  await producer.close();
  await first.close();

  const second = await open(T0 + 1000); // the clock went back; the events don't
  second.append('logs', '0', [bytes('next')]);
  const after = await readFrom(second, '0', earliestEventPosition, 4);
  const essence = (events: typeof before): object[] =>
    events.map(({ body, properties, sequenceNumber, offset, enqueuedTimeUtc }) => ({
      body: body as unknown,
      properties,
      sequenceNumber,
      offset,
      enqueuedTimeUtc,
    }));
  expect(essence(after.slice(0, 3))).toEqual(essence(before));
  expect(after[3]).toMatchObject({ sequenceNumber: 3, enqueuedTimeUtc: new Date(T0 + 5000) });
  expect(notes).toEqual([]);
});

test('an unfinished last write is cut off, wherever it stopped, and the next write takes its place', async () => {
  const first = await open();
  first.append('logs', '0', [bytes('whole')]);
  const wholeBytes = statSync(partitionFile()).size;
  first.append('logs', '0', [bytes('torn 1'), bytes('torn 2')]);
  await first.close();
  const file = readFileSync(partitionFile());
  for (let size = wholeBytes + 1; size < file.length; size++) {
    writeFileSync(partitionFile(), file.subarray(0, size));
    const hub = await startEventHub({ hubs: [LOGS], dataDir, note: (line) => notes.push(line) });
    expect(hub.append('logs', '0', [bytes('next')])).toBe(1);
    await hub.close();
  }
  expect(notes).toHaveLength(file.length - wholeBytes - 1);
  expect(notes[0]).toContain('cut 1 bytes of an unfinished write off partition 0 of logs');
  const hub = await open();
  expect(await bodiesOf(hub, 2)).toEqual(['whole', 'next']);
});

test('damage that is no unfinished write stops the start', async () => {
  const first = await open();
  first.append('logs', '0', [bytes('a')]);
  first.append('logs', '0', [bytes('b')]);
  await first.close();
  const whole = readFileSync(partitionFile());
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0x20;
    writeFileSync(partitionFile(), changed);
    await expect(open()).rejects.toThrow(/0\.log is damaged at byte \d+; move it away/);
  }
  writeFileSync(partitionFile(), whole);
  appendFileSync(partitionFile(), whole);
  await expect(open()).rejects.toThrow('0.log has event 0 in place of 2; did two hubs write to it?');
  truncateSync(partitionFile(), 3);
  await expect(open()).rejects.toThrow('0.log has no first record');
});

test('another number of partitions is refused', async () => {
  await (await open()).close();
  await expect(open(T0, { ...LOGS, partitions: 3 })).rejects.toThrow(/hub logs in .* has 2 partitions, not 3/);
  await open(T0, { ...LOGS, consumerGroups: [] }); // groups may change
});

test('a trimmed partition stays trimmed, and an empty one goes on with its numbers', async () => {
  const first = await open();
  for (const body of ['a', 'b', 'c']) first.append('logs', '0', [bytes(body), bytes(body)], T0 + 1);
  first.trimBefore('logs', '0', 3);
  first.trimBefore('logs', '1', 3);
  await first.close();
  const second = await open();
  expect(numbersOf(await readFrom(second, '0', earliestEventPosition, 3))).toEqual([3, 4, 5]);
  second.trimBefore('logs', '0', 9);
  await second.close();
  const third = await open();
  expect(third.append('logs', '0', [bytes('next')])).toBe(6);
  expect(third.append('logs', '1', [bytes('first')])).toBe(0);
});

test('the file is rewritten when retention has emptied half of it', async () => {
  const hub = await open(T0, { ...LOGS, retentionBytes: 4_000_000 });
  for (let index = 0; index < 48; index++) hub.append('logs', '0', [Buffer.alloc(1_000_000, index)]);
  expect(statSync(partitionFile()).size).toBeLessThan(40_000_000);
  await hub.close();
  const again = await open(T0, { ...LOGS, retentionBytes: 4_000_000 });
  const events = await readFrom(again, '0', earliestEventPosition, 3);
  expect(numbersOf(events)).toEqual([45, 46, 47]);
  expect(events.map(({ body }) => (body as Buffer)[999_999])).toEqual([45, 46, 47]);
});

test('partitions that a hub got are there after another start', async () => {
  const first = await open();
  first.grow('logs', 1);
  first.append('logs', '2', [bytes('a')]);
  await first.close();
  const second = await open(T0, { ...LOGS, partitions: 3 });
  expect((await readFrom(second, '2', earliestEventPosition, 1)).map(({ body }) => String(body))).toEqual(['a']);
});

test('a recreated hub is recreated on disk', async () => {
  const first = await open();
  first.append('logs', '0', [bytes('old')], T0 + 5000);
  first.recreate('logs');
  first.append('logs', '0', [bytes('new')]);
  await first.close();
  expect(readdirSync(join(dataDir, 'logs')).sort()).toEqual(['1', 'hub.json']);
  const second = await open();
  expect(await bodiesOf(second, 1)).toEqual(['new']);
  expect(second.append('logs', '0', [bytes('next')])).toBe(1);
});
