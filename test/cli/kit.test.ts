import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as kit } from '../../src/cli/commands/kit.ts';
import { MAX_EVIDENCE_BYTES } from '../../src/core/objects/evidence.ts';
import { inProcess } from '../support/program.ts';
import { LOG_KEY, evidenceOf } from '../web/support.ts';

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
    'record.json.certificate.html',
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
