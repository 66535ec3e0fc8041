import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as check } from '../../src/cli/commands/check.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { command as prove } from '../../src/cli/commands/prove.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';

// prove of several records, and check of several files.

const VKEY = formatVerifierKey(KEY.verifierKey);

let folder = '';
let mirror = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  await writeLogMirror(mirror, [...forgeChain(5), ...forgeChain(3, '1')]);
});
afterEach(() => rm(folder, { recursive: true }));

const out = (): string => join(folder, 'evidence');

async function proved(list: string, ...more: readonly string[]): Promise<{ code: number; out: string }> {
  const path = join(folder, 'records');
  await writeFile(path, list);
  return inProcess(() => prove.run([mirror, '--records', path, '--out', out(), '--key', VKEY, ...more]));
}
const checked = (...args: readonly string[]): ReturnType<typeof inProcess> =>
  inProcess(() => check.run([...args, '--key', VKEY]));

test('each record that a list names is proved in a file of its own, and all are checked at once', async () => {
  const result = await proved('0 2\n1\t0\r\n\n0/4\n{"partition":0,"record":3,"line":{"a":1}}\n0 2\n');
  expect(result.code).toBe(0);
  expect(result.out.trim().split('\n')).toEqual([
    `0/2: ${join(out(), '0-2.json')}`,
    `1/0: ${join(out(), '1-0.json')}`,
    `0/4: ${join(out(), '0-4.json')}`,
    `0/3: ${join(out(), '0-3.json')}`,
    `4 of 4 records proved: ${out()}`,
  ]);
  const { code, out: said } = await checked(out());
  expect(code).toBe(0);
  expect(said.trim().split('\n')).toEqual([
    ...['0-2', '0-3', '0-4', '1-0'].map((name) => {
      const [partition, record] = name.split('-');
      return `proved: ${join(out(), `${name}.json`)}: record ${record} of partition ${partition} of logs.example.com/audit`;
    }),
    '4 files: 4 proved',
  ]);
  // One of them alone is shown as ever.
  expect((await checked(join(out(), '0-2.json'))).out).toContain('proved: this is record 2 of partition 0');
});

test('a row whose record nests deeper than anything that is parsed names its record all the same', async () => {
  const deep = `${'['.repeat(70)}${']'.repeat(70)}`;
  const { code, out: said } = await proved(`{"partition":0,"record":2,"segment":"x","line":{"a":${deep}}}\n1/0\n`);
  expect([code, said]).toEqual([0, expect.stringContaining('2 of 2 records proved')]);
});

test('what find prints is taken as it is', async () => {
  const hits = await inProcess(() => find.run([mirror, '--text', '"n":', '--format', 'jsonl', '--key', VKEY]));
  const lines = hits.out.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.length).toBeGreaterThan(2);
  expect((await proved(lines.join('\n'))).code).toBe(0);
  expect(await readdir(out())).toHaveLength(lines.length);
});

test('what can not be proved is named, the others are proved, and the exit status tells', async () => {
  const absent = await proved('0 2\n0 99\n7 0\n1 1\n');
  expect(absent.code).toBe(2);
  expect(absent.out).toContain('0/99: NOT PROVED: the log has no record 99 of partition 0');
  expect(absent.out).toContain('2 of 4 records proved');
  await rm(out(), { recursive: true });
  await writeFile(join(mirror, nameOf(2)), 'changed');
  const changed = await proved('0 99\n0 2\n1 1\n0 98\n');
  expect(changed.code).toBe(1);
  expect(changed.out).toContain('0/2: NOT PROVED: ');
  expect(await readdir(out())).toEqual(['1-1.json']);
});

test.each([
  ['no record', '\n\n', 'names no record'],
  ['another line', '0 1\nsegments/0\n', 'line 2 of'],
  ['a number that is none', '0 1x', 'line 1 of'],
  ['no partition', '00 1', 'line 1 of'],
  ['JSON of something else', '{"partition":"0","record":1}', 'line 1 of'],
  ['JSON that is cut off', '{"partition":0,"record":1,"line":', 'line 1 of'],
  ['JSON too deep', `{"partition":0,"record":1,"line":${'['.repeat(9999)}`, 'line 1 of'],
])('a list of %s is refused, and nothing is written', async (_what, list, why) => {
  await expect(proved(list)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) as string });
  expect(await readdir(folder)).not.toContain('evidence');
});

test('a list excludes one record, needs a folder, and never writes into one that is there', async () => {
  await expect(proved('0 1', '--partition', '0', '--record', '1')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(prove.run([mirror, '--records', join(folder, 'records')])).rejects.toThrow('needs --out');
  await mkdir(out());
  await expect(proved('0 1')).rejects.toThrow('is there already');
});

describe('check of several', () => {
  beforeEach(async () => {
    await proved('0 0\n0 1\n0 2\n');
  });
  const file = (n: number): string => join(out(), `0-${n}.json`);

  test('says what each is, and the worst of all', async () => {
    await writeFile(file(1), 'x');
    await writeFile(join(out(), '.DS_Store'), 'x');
    await writeFile(join(out(), '._0-1.json'), 'x');
    const unreadable = await checked(out());
    expect(unreadable).toMatchObject({
      code: 2,
      out: expect.stringContaining('3 files: 2 proved, 1 unreadable') as string,
    });
    await writeFile(file(2), (await readFile(file(2), 'utf8')).replace('"n\\":2', '"n\\":7'));
    const refuted = await checked(out());
    expect(refuted.code).toBe(1);
    expect(refuted.out).toMatch(/^refuted: .*0-2\.json: /m);
    expect(refuted.out).toContain('3 files: 1 proved, 1 refuted, 1 unreadable');
    expect(await checked(file(0), join(folder, 'none.json'))).toMatchObject({ code: 2 });
    expect((await checked(file(0), file(0))).code).toBe(0);
  });

  test('as JSON it is a line each, and one for all', async () => {
    await writeFile(file(1), 'x');
    const lines = (await checked(out(), '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { file: file(0), status: 'proved', ledger: 'logs.example.com/audit', partition: '0', record: 0 },
      { file: file(1), status: 'unreadable', why: expect.any(String) as string },
      { file: file(2), status: 'proved', ledger: 'logs.example.com/audit', partition: '0', record: 2 },
      { files: 3, proved: 2, refuted: 0, unreadable: 1, unchecked: 0, passedOver: [] },
    ]);
  });

  test('without a key, or with another one, proves nothing', async () => {
    const none = await inProcess(() => check.run([out()]));
    expect(none).toMatchObject({ code: 2, out: expect.stringContaining('3 files: 3 not checked') as string });
    const other = await inProcess(() => check.run([out(), '--key', formatVerifierKey(keyOf(9).verifierKey)]));
    expect(other.code).not.toBe(0);
    expect(other.out).not.toMatch(/^proved/m);
  });

  test('what is no answer though it says so is refuted; an empty folder and a mirror are no evidence', async () => {
    await writeFile(join(out(), 'zanswer.json'), '{"version":1,"kind":"answer","query":{}}');
    expect((await checked(out())).out).toMatch(/^refuted: .*zanswer\.json: /m);
    await mkdir(join(folder, 'empty'));
    await expect(checked(join(folder, 'empty'))).rejects.toThrow('holds neither an answer nor a file of evidence');
    await expect(checked(mirror)).rejects.toThrow('is a mirror');
    await expect(checked(file(0), mirror)).rejects.toThrow('is checked by itself');
  });
});
