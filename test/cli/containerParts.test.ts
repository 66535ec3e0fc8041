import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { nameOf, timeOf } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';

// What leaves a ledger, of a container that is read by its URL with the rights to read and list alone.

const key = `--key=${formatVerifierKey(KEY.verifierKey)}`;
const INTERVAL = [`--from=${timeOf(3)}`, `--to=${timeOf(7)}`];
let stack: Stack;
let work: string;
let target: string;
let tlog: string;

beforeAll(async () => {
  stack = await startStack();
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  for (const name of ['ledger', 'tlog']) await stack.container(name).create();
  await stack.putPolicy('ledger', 10);
  const store = new BlobStore(stack.sasContainer('ledger', 'rcl'));
  await sealAll(ingestOf(store, { maxSegmentBytes: 20 }), eventsBetween(0, 9));
  await integrateOf(store, new BlobTileStore(stack.sasContainer('tlog', 'rwdl'))).run(new KeptLog());
  [target, tlog] = [stack.sasContainer('ledger', 'rl').url, stack.sasContainer('tlog', 'rl').url];
});
afterAll(async () => {
  await stack.close();
  await rm(work, { recursive: true });
});

test('a slice of a container has the segments of its interval, and is checked as that', async () => {
  const slice = join(work, 'slice');
  expect(await auditseal('mirror', target, slice, ...INTERVAL, key, `--tlog=${tlog}`)).toMatchObject({ code: 0 });
  expect(await readdir(join(slice, 'segments', '0'))).toEqual([3, 4, 5, 6].map((index) => nameOf(index).slice(11)));
  const inside = expect.stringContaining('verified, in that interval alone') as string;
  expect(await auditseal('verify', slice, ...INTERVAL, key)).toMatchObject({ code: 0, stdout: inside });
  expect(await auditseal('verify', target, ...INTERVAL, key)).toMatchObject({ code: 0, stdout: inside });
  for (const index of [3, 6]) {
    const path = join(slice, nameOf(index));
    const bytes = await readFile(path);
    await rm(path);
    const { code, stdout } = await auditseal('verify', slice, ...INTERVAL, key);
    expect([code, stdout]).toEqual([1, expect.stringContaining(nameOf(index))]);
    expect(await auditseal('mirror', target, slice, ...INTERVAL, key)).toMatchObject({ code: 0 });
    expect(await readFile(path)).toEqual(bytes);
  }
});

test('SQL counts what a container has', async () => {
  const sql =
    'SELECT count(*) AS records, min(record) AS first, max(record) AS last, count(entry) AS entered FROM records';
  const { code, stdout } = await auditseal('query', target, sql, key, `--tlog=${tlog}`, '--format=csv');
  expect([code, stdout.split('\r\n')[1]]).toEqual([0, '"10","0","9","10"']);
});

test('an export of a container is complete up to the time that is sealed, and its manifest names the file', async () => {
  const out = join(work, 'all.parquet');
  const args = ['find', target, `--to=${timeOf(5)}`, '--format=parquet', `--out=${out}`, key, `--tlog=${tlog}`];
  expect(await auditseal(...args)).toMatchObject({ code: 0 });
  const manifest = JSON.parse(await readFile(`${out}.manifest.json`, 'utf8')) as Readonly<Record<string, unknown>>;
  const bytes = await readFile(out);
  expect(manifest).toMatchObject({
    complete: true,
    records: { exported: 5 },
    file: { name: 'all.parquet', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  });
});
