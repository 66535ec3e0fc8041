import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { startStack } from '../local/worm/harness.ts';
import { forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';
import type { Ended } from '../support/program.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const rebuild = (target: string, ...args: readonly string[]): Promise<Ended> =>
  auditseal('rebuild-tiles', target, '--key', VKEY, ...args);

const SURPLUS = ['tile/0/000.p/4', 'tile/0/000.p/007', 'tile/0/001', 'tile/63/x001/000', 'notes.txt'] as const;

describe('a mirror', () => {
  let work = '';
  let mirror = '';
  let tlog = '';
  let good = new Map<string, string>();

  /** filesIn gives every file below a folder by its name, as hex: comparing that is fast. */
  async function filesIn(folder: string): Promise<Map<string, string>> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    return new Map(
      await Promise.all(
        names.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'hex')] as const),
      ),
    );
  }

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
    // More entries than a full tile has.
    await writeLogMirror(join(work, 'good'), forgeChain(180));
    good = await filesIn(join(work, 'good', 'tlog'));
  });
  beforeEach(async () => {
    mirror = join(work, 'mirror');
    tlog = join(mirror, 'tlog');
    await cp(join(work, 'good'), mirror, { recursive: true });
  });
  afterEach(() => rm(mirror, { recursive: true }));
  afterAll(() => rm(work, { recursive: true }));

  test('tiles that are right are left alone', async () => {
    const { code, stdout, stderr } = await rebuild(mirror);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(
        `^0 files written, ${good.size} were right\n {2}newest: checkpoints/000000000090, 272 entries, root [0-9a-f]{64}\n$`,
      ),
    );
  });

  test('without any tile, all are made byte for byte, in the mirror or elsewhere', async () => {
    await rm(tlog, { recursive: true });
    const { code, stdout } = await rebuild(mirror, '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { checkpoints: 91, files: good.size, written: good.size, unchanged: 0, newest: { number: 90, size: 272 } },
    ]);
    expect(await filesIn(tlog)).toEqual(good);
    expect([...good.keys()]).toEqual(expect.arrayContaining(['checkpoint', 'tile/0/000', 'tile/1/000.p/1']));
    expect(await auditseal('verify', mirror, '--key', VKEY)).toMatchObject({ code: 0, stderr: '' });

    const elsewhere = join(work, 'elsewhere');
    expect((await rebuild(mirror, '--tlog', elsewhere)).code).toBe(0);
    expect(await filesIn(elsewhere)).toEqual(good);
    await rm(elsewhere, { recursive: true });
  });

  test('files that are gone, changed, cut, longer or empty are made again, and no others written', async () => {
    const changes: readonly ((bytes: Buffer) => Buffer | undefined)[] = [
      () => undefined,
      (bytes) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))),
      (bytes) => bytes.subarray(0, -1),
      (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
      () => Buffer.alloc(0),
    ];
    const names = [...good.keys()].filter((name, i) => i % 7 === 0 || !name.includes('.p/'));
    for (const [i, name] of names.entries()) {
      const bytes = changes[i % changes.length]?.(Buffer.from(good.get(name) as string, 'hex'));
      if (bytes === undefined) await rm(join(tlog, name));
      else await writeFile(join(tlog, name), bytes);
    }
    expect((await auditseal('verify', mirror, '--key', VKEY)).code).toBe(1);
    const { code, stdout } = await rebuild(mirror, '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { written: names.length }]);
    expect(await filesIn(tlog)).toEqual(good);
    expect(await auditseal('verify', mirror, '--key', VKEY)).toMatchObject({ code: 0, stderr: '' });
  });

  test('what is none of the log is named and stays', async () => {
    for (const name of SURPLUS) {
      await mkdir(join(tlog, name, '..'), { recursive: true });
      await writeFile(join(tlog, name), 'x');
    }
    const { code, stdout } = await rebuild(mirror);
    expect(code).toBe(1);
    const named = stdout.split('\n').filter((line) => line.includes('not of this log'));
    expect(named.sort()).toEqual(SURPLUS.map((name) => `  not of this log: tlog/${name}`).sort());
    expect(await filesIn(tlog)).toEqual(new Map([...SURPLUS.map((name) => [name, '78'] as const), ...good]));
  });

  test.each<[string, string, (path: string) => Promise<void>, RegExp]>([
    ['a batch that was changed', 'batches/000000000040.jsonl', changeByte, /checkpoints\/000000000040 is signed over/],
    [
      'a batch that is gone',
      'batches/000000000040.jsonl',
      (path) => rm(path),
      /checkpoints\/000000000041 is signed over/,
    ],
    [
      'a batch without a line',
      'batches/000000000040.jsonl',
      (path) => writeFile(path, ''),
      /checkpoints\/000000000040 is signed over/,
    ],
    [
      'a checkpoint that is gone',
      'checkpoints/000000000040',
      (path) => rm(path),
      /000000000040 (is missing, and the log goes on|was there, and is gone)/,
    ],
  ])('%s: 1, and nothing behind it is written', async (_what, name, attack, why) => {
    await rm(tlog, { recursive: true });
    await attack(join(mirror, name));
    const { code, stdout, stderr } = await rebuild(mirror);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(why)]);
    expect(stderr).toContain('is broken');
    const made = await filesIn(tlog).catch(() => new Map<string, string>());
    expect(made.has('checkpoint')).toBe(false);
    for (const [made1, bytes] of made) expect([made1, bytes]).toEqual([made1, good.get(made1)]);
    // Three entries a batch.
    const widths = [...made.keys()].flatMap((name) => /\.p\/(\d+)$/.exec(name)?.[1] ?? []).map(Number);
    expect(Math.max(0, ...widths)).toBeLessThanOrEqual(120);
  });

  test('what somebody put in the place of a checkpoint, or copied under the name of a void batch, is passed over', async () => {
    await writeFile(join(mirror, 'checkpoints/000000000040'), 'junk');
    await writeFile(join(mirror, 'batches/000000000091.jsonl'), 'junk');
    await cp(join(mirror, 'checkpoints/000000000020'), join(mirror, 'checkpoints/000000000091'));
    const { code, stdout, stderr } = await rebuild(mirror, '--json');
    expect([code, stderr, JSON.parse(stdout)]).toMatchObject([
      1,
      '',
      { checkpoints: 90, written: 0, newest: { number: 90 } },
    ]);
    // The files of the checkpoint that isn't there are none that can be made.
    expect((JSON.parse(stdout) as { surplus: string[] }).surplus.sort()).toEqual([
      'tile/0/000.p/123',
      'tile/entries/000.p/123',
    ]);
  });

  test('what anybody put behind the end of the log keeps nobody from a rebuild', async () => {
    await writeFile(join(mirror, 'checkpoints/000000000099'), 'logs.example.com/audit\n1\n');
    await writeFile(join(mirror, 'batches/000000000091.jsonl'), '{"type":"x"}\n');
    await rm(join(tlog, 'checkpoint'));
    expect(await rebuild(mirror)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 files written/) as string,
    });
    expect(await filesIn(tlog)).toEqual(good);
  });

  test('no log, a key that did not sign, and a wrong usage', async () => {
    const empty = join(work, 'empty');
    await mkdir(empty);
    expect(await rebuild(empty)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('no checkpoint') as string,
    });
    expect(await readdir(empty)).toEqual([]);
    const stranger = await auditseal('rebuild-tiles', mirror, '--key', formatVerifierKey(keyOf(9).verifierKey));
    expect([stranger.code, stranger.stderr]).toEqual([
      1,
      expect.stringContaining('batches/000000000000.jsonl: no trusted key'),
    ]);
    const keyless = await auditseal('rebuild-tiles', mirror);
    expect([keyless.code, keyless.stderr]).toEqual([0, expect.stringContaining('no signature is verified')]);
    await writeFile(join(work, 'file'), '');
    expect((await rebuild(mirror, '--tlog', join(work, 'file'))).code).toBe(2);
    expect((await rebuild(join(work, 'nothing'))).code).toBe(2);
    expect((await auditseal('rebuild-tiles')).code).toBe(64);
  });
});

async function changeByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf('"size":') + '"size":'.length + 1;
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}

test('a container: tiles are made again in one that may be written, and the ledger is only read', async () => {
  const stack = await startStack();
  try {
    for (const name of ['ledger', 'tlog']) await stack.container(name).create();
    await stack.lockedPolicy('ledger', 10);
    const store = new BlobStore(stack.sasContainer('ledger', 'rcl'));
    for (const [name, bytes] of forgeChain(8)) await store.create(name, bytes);
    const owner = stack.container('tlog');
    const tiles = new BlobTileStore(owner);
    await integrateOf(store, tiles, { limits: { objects: 2, storedBytes: 1e9 } }).run(new KeptLog());
    const blobs = async (): Promise<Map<string, Buffer>> => {
      const found = new Map<string, Buffer>();
      for await (const { name } of tiles.list('')) found.set(name, (await tiles.read(name)) as Buffer);
      return found;
    };
    const good = await blobs();
    expect(good.size).toBeGreaterThan(8);

    const ledger = stack.sasContainer('ledger', 'rl').url;
    const names = [...good.keys()];
    for (const [i, name] of names.entries()) {
      if (i % 2 === 0) await owner.deleteBlob(name);
      else await tiles.write(name, Buffer.alloc((good.get(name) as Buffer).length));
    }
    const readOnly = await rebuild(ledger, '--tlog', stack.sasContainer('tlog', 'rl').url);
    expect([readOnly.code, readOnly.stderr]).toEqual([2, expect.stringContaining('the right to write there')]);
    expect(readOnly.stderr).not.toContain('sig=');
    const { code, stdout, stderr } = await rebuild(ledger, '--tlog', stack.sasContainer('tlog', 'rcwl').url, '--json');
    expect([code, stderr, JSON.parse(stdout)]).toMatchObject([0, '', { files: names.length, written: names.length }]);
    expect(await blobs()).toEqual(good);
    const { contentType, cacheControl } = await owner.getBlobClient('checkpoint').getProperties();
    expect([contentType, cacheControl]).toEqual(['text/plain; charset=utf-8', 'no-cache']);
    const verified = await auditseal('verify', ledger, '--tlog', stack.sasContainer('tlog', 'rl').url, '--key', VKEY);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await stack.close();
  }
});
