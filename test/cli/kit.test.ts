import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as check } from '../../src/cli/commands/check.ts';
import { command as kit } from '../../src/cli/commands/kit.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { MAX_EVIDENCE_BYTES } from '../../src/core/objects/evidence.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { writeMirror } from '../support/logMirror.ts';
import { KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { LOG_KEY, evidenceOf } from '../web/support.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);

let work = '';
let made = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-kit-'));
});
afterAll(() => rm(work, { recursive: true }));

async function evidenceFile(name = `record${++made}.json`): Promise<string> {
  const path = join(work, name);
  await writeFile(path, evidenceOf('"caller":"erin@example.com"'));
  return path;
}

const run = (folder: string, ...args: readonly string[]): ReturnType<typeof inProcess> =>
  inProcess(() => kit.run([...args, '--', folder]));

test('a kit of evidence has the file as it is, what a check says of it, the page and its hash, and no key', async () => {
  const [file, folder] = [await evidenceFile('record.json'), join(work, 'kit')];
  expect((await run(folder, '--evidence', file, '--key', LOG_KEY)).code).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual([
    'READ-ME-FIRST.txt',
    'check.html',
    'record.json',
    'verdict.json',
  ]);
  const bytes = await readFile(file);
  expect(await readFile(join(folder, 'record.json'))).toEqual(bytes);
  const page = createHash('sha256')
    .update(await readFile(join(folder, 'check.html')))
    .digest('hex');
  expect(JSON.parse(await readFile(join(folder, 'verdict.json'), 'utf8'))).toMatchObject({
    kind: 'kit',
    pieces: [{ name: 'record.json', sha256: createHash('sha256').update(bytes).digest('hex'), verdict: 'good' }],
    page: { sha256: page },
  });
  const text = await readFile(join(folder, 'READ-ME-FIRST.txt'), 'utf8');
  expect(text).toContain(page);
  for (const own of ['READ-ME-FIRST.txt', 'verdict.json'])
    expect(await readFile(join(folder, own), 'utf8')).not.toContain(LOG_KEY);
});

test('without a key nothing in it is good', async () => {
  const folder = join(work, 'no-key');
  expect((await run(folder, '--evidence', await evidenceFile())).code).toBe(2);
  expect(JSON.parse(await readFile(join(folder, 'verdict.json'), 'utf8'))).toMatchObject({
    pieces: [{ verdict: 'unknown' }],
  });
});

test('nothing is made where a file is missing, too large, or would have the name of another', async () => {
  const [good, large, folder] = [await evidenceFile(), join(work, 'large.json'), join(work, 'none')];
  await writeFile(large, '');
  await truncate(large, MAX_EVIDENCE_BYTES + 2);
  for (const [second, why] of [
    [join(work, 'missing.json'), 'there is no such file'],
    [large, 'more than the'],
    [good, 'rename one'],
  ] as const)
    await expect(run(folder, '--evidence', good, '--evidence', second)).rejects.toThrow(why);
  expect(await readdir(work)).not.toContain('none');
});

/** source writes the mirror of a ledger to copy from. */
async function source(name: string): Promise<string> {
  await writeMirror(join(work, name), await ledgerOf(2));
  return join(work, name);
}

const verdictIn = async (folder: string): Promise<unknown> =>
  (JSON.parse(await readFile(join(folder, 'verdict.json'), 'utf8')) as { pieces: { verdict: string }[] }).pieces.map(
    ({ verdict }) => verdict,
  );

test('a kit of a ledger has its mirror with tiles, a report to go on from, and no key', async () => {
  const folder = join(work, 'of-a-ledger');
  expect((await run(folder, '--from', await source('ledger'), '--key', VKEY)).code).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual([
    'READ-ME-FIRST.txt',
    'check.html',
    'mirror',
    'report.json',
    'verdict.json',
  ]);
  expect(await readdir(join(folder, 'mirror'))).toContain('tlog');
  expect(await verdictIn(folder)).toEqual(['good']);
  for (const own of ['READ-ME-FIRST.txt', 'verdict.json'])
    expect(await readFile(join(folder, own), 'utf8')).not.toContain(VKEY);
  const readme = await readFile(join(folder, 'READ-ME-FIRST.txt'), 'utf8');
  expect(readme.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const since = ['--key', VKEY, '--since', join(folder, 'report.json')];
  expect((await inProcess(() => verify.run([...since, join(folder, 'mirror')]))).code).toBe(0);
});

test('what was tampered with is bad, and one bad piece counts', async () => {
  const ledger = await source('tampered');
  const segment = join(ledger, 'segments/0/000000000000.jsonl.zst');
  const bytes = await readFile(segment);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  expect((await run(join(work, 'bad'), '--from', ledger, '--key', VKEY)).code).toBe(1);
  expect(await verdictIn(join(work, 'bad'))).toEqual(['bad']);
  const [good, changed, folder] = [await evidenceFile(), join(work, 'changed.json'), join(work, 'two')];
  await writeFile(changed, (await readFile(good, 'utf8')).replace('erin@', 'anna@'));
  const made = await run(folder, '--evidence', good, '--evidence', changed, '--key', LOG_KEY);
  expect(made.code).toBe(1);
  expect(made.out).toContain('bad: changed.json: ');
  expect(await verdictIn(folder)).toEqual(['good', 'bad']);
  // Whoever checks the folder is told of both, and that the kit's own list is none.
  const checked = await inProcess(() => check.run([folder, '--key', LOG_KEY]));
  expect(checked.code).toBe(1);
  expect(checked.out).toContain('2 files: 1 proved, 1 refuted');
});

test('names that could act in a command, or look like another file, are refused', async () => {
  for (const name of ['a.json; touch pwned #.json', 'a\nb.json', 'сheck.json', 'page.html', '-x.json']) {
    const path = join(work, name);
    await writeFile(path, evidenceOf('"a":1'));
    await expect(run(join(work, 'none'), `--evidence=${path}`)).rejects.toThrow('is no name for a file of a kit');
  }
  expect(await readdir(work)).not.toContain('none');
  await expect(run(join(work, 'none'), '--key', LOG_KEY)).rejects.toThrow('give --from with a ledger to mirror');
});
