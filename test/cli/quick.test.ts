import { appendFile, cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { startStack } from '../local/worm/harness.ts';
import { saidOf } from '../support/checking.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';
import type { Ended } from '../support/program.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);

let work = '';
let mirror = '';
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await writeLogMirror(join(work, 'good'), forgeChain(6));
});
beforeEach(async () => {
  mirror = join(work, 'mirror');
  await cp(join(work, 'good'), mirror, { recursive: true });
});
afterEach(() => rm(mirror, { recursive: true }));
afterAll(() => rm(work, { recursive: true }));

const cli = (...args: readonly string[]): Promise<Ended> => auditseal('verify', ...args, '--key', VKEY, '--quick');

async function quick(target = mirror, ...args: readonly string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await cli(target, ...args, '--json');
  return { code, report: JSON.parse(stdout) as Report };
}

test('an intact mirror: 0, and it says what it did and what it did not', async () => {
  const { code, stdout, stderr } = await cli(mirror);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^verified: /);
  expect(stdout).not.toContain('agrees with itself');
  expect(stdout).toMatch(/\n {2}quick check: stored bytes compared with the log, 6 segments, /);
  expect(stdout).toContain('\n  from the first entry; anchor: none\n');
  expect(stdout).toContain('\n  not checked: no segment was looked into');
  expect(stdout).toMatch(/log: \d+ entries, 4 checkpoints, 5 signatures verified, \d+ tiles compared; 0 segments/);
  expect(stdout).not.toContain('checked in full');
});

const third = (): string => join(mirror, nameOf(3));

test.each<[string, () => Promise<unknown>, string]>([
  ['a flipped bit', flipBit, `segment-changed ${nameOf(3)}`],
  ['a cut segment', () => truncate(third(), 10), `segment-changed ${nameOf(3)}`],
  ['a longer segment', () => appendFile(third(), '\n'), `segment-changed ${nameOf(3)}`],
  ['a segment in the place of another', () => cp(join(mirror, nameOf(4)), third()), `segment-changed ${nameOf(3)}`],
  ['a removed segment', () => rm(third()), `segment-missing ${nameOf(3)}`],
  ['a renamed segment', () => rename(third(), `${third()}.old`), `segment-missing ${nameOf(3)}`],
  [
    'a tile that lies',
    () => writeFile(join(mirror, 'tlog/tile/0/000.p/11'), Buffer.alloc(11 * 32)),
    'tile-mismatch tlog/tile/0/000.p/11',
  ],
])('%s: 1, and it is named', async (_what, attack, said) => {
  await attack();
  const { code, report } = await quick();
  expect([code, report.status]).toEqual([1, 'violated']);
  expect(saidOf(report)).toContain(said);
});

async function flipBit(): Promise<void> {
  const bytes = await readFile(third());
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 0x10;
  await writeFile(third(), bytes);
}

test('what is not in the log yet is named as not checked; without a log nothing is verified: 2', async () => {
  await writeFile(join(mirror, nameOf(6)), 'planted');
  const { code, stdout } = await cli(mirror);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`not checked: ${nameOf(6)} is not in the log`)]);
  for (const part of ['batches', 'checkpoints', 'tlog']) await rm(join(mirror, part), { recursive: true });
  expect(await quick()).toMatchObject({ code: 2, report: { status: 'unverified', findings: [] } });
});

test.each([['--incremental'], ['--since', 'report.json']])('--quick with %s is a wrong usage', async (...more) => {
  const { code, stderr } = await cli(mirror, ...more);
  expect([code, stderr]).toEqual([64, expect.stringContaining('--quick begins at the first entry of the log')]);
});

test('a container: 0, and 1 once another segment stands in it', async () => {
  const stack = await startStack();
  try {
    for (const name of ['ledger', 'tlog']) await stack.container(name).create();
    const owner = stack.container('ledger');
    const store = new BlobStore(owner);
    for (const [name, bytes] of forgeChain(40)) await store.create(name, bytes);
    await integrateOf(store, new BlobTileStore(stack.container('tlog'))).run(new KeptLog());
    const target = stack.sasContainer('ledger', 'rl').url;
    const tlog = ['--tlog', stack.sasContainer('tlog', 'rl').url];
    expect(await quick(target, ...tlog)).toMatchObject({
      code: 0,
      report: { status: 'verified', checked: { mode: 'quick', segments: 40 }, findings: [] },
    });
    await owner.getBlockBlobClient(nameOf(21)).upload('x', 1);
    await owner.deleteBlob(nameOf(33));
    const { code, report } = await quick(target, ...tlog);
    expect([code, saidOf(report).sort()]).toEqual([
      1,
      [`segment-changed ${nameOf(21)}`, `segment-missing ${nameOf(33)}`],
    ]);
  } finally {
    await stack.close();
  }
});
