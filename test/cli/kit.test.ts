import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../../src/cli/commands/kit.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { LEDGER } from '../support/forge.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { writeMirror } from '../support/logMirror.ts';
import { KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { LOG_KEY, evidenceOf } from '../web/support.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder = '';
let kit = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-kit-'));
  kit = join(folder, 'kit');
});
afterEach(async () => rm(folder, { recursive: true }));

const make = (...args: readonly string[]): Promise<{ code: number; out: string }> =>
  inProcess(async () => command.run([kit, ...args]));
const inKit = (name: string): Promise<Buffer> => readFile(join(kit, name));

interface Verdict {
  readonly pieces: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly sha256?: string;
    readonly by: string;
  }[];
  readonly page: { readonly sha256: string };
}
const verdictIn = async (): Promise<Verdict> => JSON.parse((await inKit('verdict.json')).toString()) as Verdict;

/** wholeText is all that a kit has in files of text, for what must not be in it. */
async function wholeText(): Promise<string> {
  const own = (await readdir(kit, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  return (await Promise.all(own.filter((name) => /\.(txt|json)$/.test(name)).map(inKit))).join('\n');
}

test('of a ledger: its mirror with tiles, the page, a report to go on from, what a check says, and no key', async () => {
  const source = join(folder, 'source');
  await writeMirror(source, await ledgerOf(2));
  const { code } = await make('--from', source, '--key', VKEY);
  expect(code).toBe(0);
  expect((await readdir(kit)).sort()).toEqual([
    'READ-ME-FIRST.txt',
    'check.html',
    'mirror',
    'report.json',
    'verdict.json',
  ]);
  expect(await readdir(join(kit, 'mirror'))).toContain('tlog');
  const verdict = await verdictIn();
  expect(verdict.pieces).toEqual([{ name: 'mirror/', verdict: 'good', by: 'report.json' }]);
  const page = await inKit('check.html');
  expect(page.equals(await readFile('dist/web/check.html'))).toBe(true);
  expect(verdict.page.sha256).toBe(sha256(page));
  const readme = (await inKit('READ-ME-FIRST.txt')).toString();
  expect(readme).toContain(sha256(page));
  expect(readme).toContain('THE KEYS');
  expect(readme.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(await wholeText()).not.toContain(VKEY);
  // The auditor's own check of it says the same, and goes on from the report.
  const again = await inProcess(async () =>
    verify.run([join(kit, 'mirror'), '--key', VKEY, '--since', join(kit, 'report.json')]),
  );
  expect(again.code).toBe(0);
});

test('of evidence: each with a certificate and a verdict; a refuted one counts', async () => {
  const good = join(folder, 'good.json');
  const bytes = evidenceOf('"a":1');
  await writeFile(good, bytes);
  expect((await make('--evidence', good, '--key', LOG_KEY)).code).toBe(0);
  expect((await verdictIn()).pieces).toEqual([
    {
      name: 'good.json',
      sha256: sha256(bytes),
      bytes: bytes.length,
      verdict: 'good',
      by: 'good.json.certificate.html',
    },
  ]);
  expect((await inKit('good.json')).equals(bytes)).toBe(true);
  expect((await inKit('good.json.certificate.html')).toString()).toContain('certificate');
  await rm(kit, { recursive: true });
  const bad = join(folder, 'bad.json');
  await writeFile(bad, bytes.toString().replace(String.raw`\"a\":1`, String.raw`\"a\":2`));
  const { code } = await make('--evidence', good, '--evidence', bad, '--key', LOG_KEY);
  expect(code).toBe(1);
  expect((await verdictIn()).pieces.map(({ verdict }) => verdict)).toEqual(['good', 'bad']);
  expect((await inKit('READ-ME-FIRST.txt')).toString()).toContain('bad.json');
});

test('without a key is made, and says that nothing is known', async () => {
  const source = join(folder, 'source');
  await writeMirror(source, await ledgerOf(1));
  expect((await make('--from', source)).code).toBe(2);
  expect((await verdictIn()).pieces[0]?.verdict).toBe('unknown');
});

test('what was tampered with is bad', async () => {
  const source = join(folder, 'source');
  await writeMirror(source, await ledgerOf(1));
  const segment = join(source, 'segments/0/000000000000.jsonl.zst');
  const bytes = await readFile(segment);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  expect((await make('--from', source, '--key', VKEY)).code).toBe(1);
  expect((await verdictIn()).pieces[0]?.verdict).toBe('bad');
});

test('is refused without anything to put into it, for two files of one name, and over another folder', async () => {
  await expect(make('--key', VKEY)).rejects.toThrow('give --from with a ledger to mirror, or --evidence');
  const file = join(folder, 'Verdict.json');
  await writeFile(file, '{}');
  await expect(make('--evidence', file)).rejects.toThrow('two files of the kit would have the name');
  await writeFile(join(folder, 'a.json'), evidenceOf('"a":1'));
  await make('--evidence', join(folder, 'a.json'), '--key', LOG_KEY);
  await expect(make('--evidence', join(folder, 'a.json'), '--key', LOG_KEY)).rejects.toThrow('is there already');
  expect(LEDGER).not.toBe('');
});
