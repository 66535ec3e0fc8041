import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { deriveLog } from '../support/deriveLog.ts';
import { ROOT, auditseal, runNode } from '../support/program.ts';
import { expectedRecords } from '../support/referenceBody.ts';
import { readReferenceSegment } from '../support/referenceLedger.ts';

interface Summary {
  readonly events: number;
  readonly records: number;
  readonly segments: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  readonly status: string;
  readonly findings: readonly unknown[];
  readonly mirror: string | null;
  readonly evidence: string | null;
  readonly verifierKeys: readonly string[];
  readonly size: number;
  readonly root: string;
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(...args: readonly string[]): Promise<{ code: number | null; summary: Summary; told: string }> {
  const { code, stdout, stderr } = await runNode(['local/start.ts', '--once', '--json', ...args]);
  return { code, summary: JSON.parse(stdout) as Summary, told: stderr };
}

/** readMirror re-derives every segment of a mirror with the reference reader and the log's key, and gives all original records. */
async function readMirror(
  mirror: string,
  key: string,
): Promise<{ originals: string[]; segments: number; events: number }> {
  const trust = { ledger: key.split('+')[0] as string, keys: [key] };
  const originals: string[] = [];
  let segments = 0;
  let events = 0;
  for (const partition of await readdir(join(mirror, 'segments'))) {
    let prev = '0'.repeat(64);
    let record = 0;
    let next = 0;
    for (const [index, name] of (await readdir(join(mirror, 'segments', partition))).sort().entries()) {
      const stored = await readFile(join(mirror, 'segments', partition, name));
      const segment = readReferenceSegment(stored, `segments/${partition}/${name}`, trust);
      const { header } = segment;
      expect(header).toMatchObject({ partition, index, prev, records: { first: record } });
      expect(header.events.first).toBe(next);
      prev = segment.root;
      record += header.records.count;
      next = header.events.last + 1;
      segments += 1;
      events += header.events.count;
      originals.push(...segment.records.map(({ original }) => original.toString('base64')));
    }
  }
  return { originals, segments, events };
}

async function readObjects(mirror: string): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for (const name of (await readdir(mirror, { recursive: true })).map((path) => path.replaceAll('\\', '/')))
    if (/^(segments|batches|checkpoints|reports)\/.*\d/.test(name) && (await stat(join(mirror, name))).isFile())
      objects.set(name, await readFile(join(mirror, name)));
  return objects;
}

async function originalsOf(files: readonly string[]): Promise<string[]> {
  const bodies = await Promise.all(files.map((file) => readFile(file)));
  return bodies.flatMap((body) => expectedRecords(body).map(({ original }) => original.toString('base64')));
}

test('the examples go in at the hub and come back from the mirror, every record of every body', async () => {
  const mirror = join(folder, 'mirror');
  const { code, summary, told } = await start('--out', mirror);
  const examples = join(ROOT, 'local', 'examples');
  const files = (await readdir(examples)).filter((name) => name !== 'README.md').map((name) => join(examples, name));
  const [key] = summary.verifierKeys as [string];
  const found = await readMirror(mirror, key);
  expect(found.originals.sort()).toEqual((await originalsOf(files)).sort());
  expect(summary).toMatchObject({
    status: 'verified',
    findings: [],
    events: files.length,
    records: found.originals.length,
    segments: found.segments,
    mirror,
  });
  expect(found.events).toBe(files.length);
  expect(code).toBe(0);
  for (const attack of ['overwrite', 'delete', 'set metadata', 'append', 'overwrite a checkpoint', 'delete a batch']) {
    expect(told).toMatch(new RegExp(`ok  ${attack} +refused: 409 BlobImmutableDueToPolicy`));
  }
  expect(told).toContain(key);
  expect(told).toMatch(/ok {2}record 0 of partition 0: proved/);
  expect(told).toContain(', 0 segments not in it');
  expect(told).toMatch(/ok {2}one bit of segments\/\d+\/0{12}\.jsonl\.zst changed: violated/);
  expect(told).toMatch(
    /ok {2}rolled back to before checkpoints\/0{11}2: violated\n.*checkpoint-inconsistent: the kept/,
  );
  expect(told).toMatch(/ok {2}\d+ records with the operation "\w+", and no other: proved, by /);
  expect(told).toContain("  ok  complete: the auditor's signed check made the index again\n");
  expect(told).toMatch(/ok {2}one bit of tlog\/tile\/0\/000\.p\/\d+ changed: violated\n.*tile-mismatch/);

  // What somebody else finds in the mirror, who got the key.
  const verified = await auditseal('verify', mirror, '--key', key, '--json');
  expect(verified.code).toBe(0);
  const { log } = JSON.parse(verified.stdout) as Report;
  expect(log).toMatchObject({ segmentsNotIntegrated: 0, head: { size: summary.size, root: summary.root } });
  // One for each of three batches, and the one among the tiles.
  expect(log).toMatchObject({ checkpoints: 3, signatures: 4, signedBy: [key.split('+').slice(0, 2).join('+')] });
  expect(log?.tiles).toBeGreaterThan(0);
  const entries = deriveLog(await readObjects(mirror), parseVerifierKey(key)).entries;
  expect(entries).toHaveLength(summary.size);
  expect(summary.evidence).toBe(`${mirror}.evidence.json`);
  const checked = await auditseal('check', `${mirror}.evidence.json`, '--key', key, '--json');
  expect(JSON.parse(checked.stdout)).toMatchObject({
    status: 'proved',
    partition: '0',
    record: 0,
    checkpoint: { size: summary.size },
  });

  // Another ledger, that of a second start, takes the place of neither.
  const again = await runNode(['local/start.ts', '--once', '--out', mirror]);
  expect(again).toMatchObject({ code: 70, stderr: expect.stringContaining(`${mirror} is there already`) as string });
  expect((await auditseal('check', `${mirror}.evidence.json`, '--key', key)).code).toBe(0);
});

test('--input sends each file as one event, byte for byte, and --data goes on with the same ledger', async () => {
  const input = join(folder, 'input');
  await mkdir(input);
  await writeFile(join(input, 'a.bin'), Buffer.from([0xff, 0x00, 0x0a, 0x0d]));
  await writeFile(
    join(input, 'b.json'),
    '{"records":[{"n":9007199254740993,"n":1.0},\n{ "s":"\\u00e9é" }],"extra":true}',
  );
  await writeFile(join(input, 'c.txt'), '');
  const files = ['a.bin', 'b.json', 'c.txt'].map((name) => join(input, name));
  const options = ['--input', input, '--partitions', '2', '--data', join(folder, 'data')];

  const first = await start(...options, '--out', join(folder, 'first'));
  expect(first.summary).toMatchObject({ status: 'verified', events: 3, records: 4 });
  const second = await start(...options, '--repeat', '2', '--out', join(folder, 'second'));
  // The key of a folder's ledger stays the same.
  expect(second.summary.verifierKeys).toEqual(first.summary.verifierKeys);
  expect(second.summary.size).toBeGreaterThan(first.summary.size);
  expect(second.summary).toMatchObject({
    status: 'verified',
    events: 9,
    records: 12,
    rawBytes: 3 * first.summary.rawBytes,
  });

  const found = await readMirror(join(folder, 'second'), second.summary.verifierKeys[0] as string);
  const wanted = await originalsOf(files);
  expect(found.originals.sort()).toEqual([...wanted, ...wanted, ...wanted].sort());
  // What was there stays as it was.
  for (const name of (await readdir(join(folder, 'first'), { recursive: true })).filter((file) =>
    file.endsWith('.zst'),
  )) {
    const before = await readFile(join(folder, 'first', name));
    expect(before.equals(await readFile(join(folder, 'second', name)))).toBe(true);
  }

  const other = await runNode(['local/start.ts', '--once', '--data', join(folder, 'data'), '--partitions', '3']);
  expect(other.code).toBe(70);
  expect(other.stderr).toContain('start it with --partitions 2');
}, 120_000);

test.each([
  [['--repeat', '0'], '--repeat takes a whole number'],
  [['--partitions', 'x'], '--partitions takes a whole number'],
  [['--nonsense'], "Unknown option '--nonsense'"],
])('%j is a wrong usage', async (args, why) => {
  const { code, stderr } = await runNode(['local/start.ts', ...args]);
  expect(stderr).toContain(why);
  expect(code).toBe(64);
});

test('an input folder that is missing or empty, and a body that no hub takes, are told by name', async () => {
  const missing = await runNode(['local/start.ts', '--once', '--input', join(folder, 'none')]);
  expect(missing).toMatchObject({ code: 70, stderr: expect.stringContaining('is not a folder') as string });
  const empty = await runNode(['local/start.ts', '--once', '--input', folder]);
  expect(empty).toMatchObject({ code: 70, stderr: expect.stringContaining('holds no file') as string });
  await writeFile(join(folder, 'huge.json'), Buffer.alloc(1_100_000, 0x20));
  const huge = await runNode(['local/start.ts', '--once', '--input', folder]);
  expect(huge).toMatchObject({ code: 70, stderr: expect.stringContaining('huge.json has 1100000 bytes') as string });
});
