import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { LEDGER, forge, nameOf } from '../support/forge.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { CLI, ROOT, auditseal, runNode } from '../support/program.ts';
import type { Ended } from '../support/program.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
/** hooked runs the command line with a module loaded before it. */
const hooked = (code: string, ...args: string[]): Promise<Ended> =>
  runNode(['--import', `data:text/javascript,${encodeURIComponent(code)}`, CLI, ...args]);

const HOSTILE = '{"a":"\u202eevil\u009b31m\u2028\u007f"}';
const LARGE = `{"big":"${'x'.repeat(2_000_000)}"}`;
/** Bodies of one record each, and the bytes that --raw must give. */
const RECORDS: readonly (readonly [string, Buffer, Buffer])[] = (
  [
    ['an object', '{"time":"2026","n":1.0e5,"a":1,"a":2}', '{"time":"2026","n":1.0e5,"a":1,"a":2}'],
    ['a record of an envelope', '{"records":[ {"x": 1} ],"tenant":"t"}', '{"x": 1}'],
    ['an object with line ends, without them', '{"a":\r\n [1,\n2] }', '{"a":[1,2]}'],
    ['an object with a seal of its own', '{"_seal":{"record":9}}', '{"_seal":{"record":9}}'],
    ['an empty object', '{}', '{}'],
    ['a value', '12345678901234567890', '12345678901234567890'],
    ['text', 'plain\ttext\nof two lines', 'plain\ttext\nof two lines'],
    ['an empty body', '', ''],
    ['bytes', Buffer.from([0xff, 0, 1]), Buffer.from([0xff, 0, 1])],
    ['hostile content', HOSTILE, HOSTILE],
    ['a large object', LARGE, LARGE],
  ] as const
).map(([what, body, raw]) => [what, Buffer.from(body), Buffer.from(raw)]);

let work: string;
let mirror: string;
let report: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(work, 'mirror');
  await mkdir(mirror);
  const store = new FolderStore(mirror);
  const ingest = ingestOf(store, { maxSegmentBytes: 100 });
  await sealAll(
    ingest,
    RECORDS.map(([, body], i) => ({ ...eventAt(i), body })),
  );
  await sealAll(ingestOf(store), [eventAt(3)], '1');
  report = join(work, 'kept.json');
  await auditseal('verify', mirror, '--out', report);
});
afterAll(() => rm(work, { recursive: true }));

/** copyOf gives a copy of the mirror for a test to change. */
async function copyOf(name: string): Promise<string> {
  const copy = join(work, name);
  await cp(mirror, copy, { recursive: true });
  return copy;
}

test.each([['--version'], ['version']])('%s says which release this is, and by which Node it runs', async (name) => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { code, stdout } = await auditseal(name);
  expect([code, stdout]).toEqual([0, `auditseal ${version}, Node.js ${process.version}\n`]);
});

test('a violated ledger: what was found, and what to do about it, before all figures', async () => {
  const broken = await copyOf('findings-first');
  const segments = join(broken, 'segments', '0');
  const [name = ''] = (await readdir(segments)).sort();
  await rm(join(segments, name));
  const { code, stdout } = await auditseal('verify', broken);
  const lines = stdout.split('\n');
  expect([code, lines[0]]).toEqual([1, expect.stringMatching(/^violated: /)]);
  expect(lines[1]).toMatch(/^ {2}error segment-missing: segments\/0\/0{12}/);
  const todo = lines.findIndex((line) => line.startsWith('  what to do: docs/runbook.md, #segment-missing'));
  const figures = lines.findIndex((line) => line.includes('checked in full'));
  expect(todo).toBeGreaterThan(1);
  expect(figures).toBeGreaterThan(todo);
  expect(lines.slice(figures).join('\n')).not.toContain('segment-missing');
});

describe('usage', () => {
  test.each([
    [[], 'stdout'],
    [['frobnicate'], 'no command'],
    [['toString'], 'no command'],
    [['verify'], 'expected TARGET'],
    [['verify', 'a', 'b'], 'expected TARGET'],
    [['verify', 'a', '--jsno'], '--jsno'],
    [['verify', 'a', '--threads', '0'], '--threads'],
    [['verify', 'a', '--threads', 'many'], '--threads'],
    [['verify', 'a', '--since'], '--since'],
    [['verify', 'a', '--since', 'b', '--incremental'], 'exclude each other'],
    [['verify', 'a', '--incremental'], 'needs --key and --auditor-key'],
    [['verify', 'a', '--quick', '--out', 'b'], 'excludes --out'],
    [['mirror', 'a'], 'expected TARGET DIR'],
    [['show', 'a', '0'], 'expected TARGET PARTITION RECORD'],
    [['show', 'a', '00', '1'], 'PARTITION'],
    [['show', 'a', '0', '-1'], ''],
    [['show', 'a', '0', '1.5'], 'RECORD'],
    [['show', 'a', '0', '1', '--raw', '--json'], 'exclude each other'],
  ])('%j is wrong usage: 64, on standard error', async (args, why) => {
    const { code, stdout, stderr } = await auditseal(...args);
    expect(code).toBe(64);
    if (why === 'stdout') expect(stdout).toContain('auditseal verify TARGET');
    else {
      expect(stdout).toBe('');
      expect(stderr).toContain(why);
      expect(stderr).toMatch(/^auditseal: /);
    }
  });

  test.each([['--help'], ['verify --help'], ['mirror --help'], ['show x --help'], ['help']])(
    '%s helps, with examples and what the exit status means',
    async (args) => {
      const { code, stdout, stderr } = await auditseal(...args.split(' '));
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Exit status: 0');
      expect(stdout).toMatch(/\n {2}auditseal \w+ /);
    },
  );
});

describe('auditseal verify', () => {
  test('a sound mirror: 0, and what was done', async () => {
    const { code, stdout, stderr } = await auditseal('verify', mirror);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^verified: ${LEDGER}\n {2}it agrees with itself, but nobody you named vouches`));
    expect(stdout).toMatch(/checked in full: \d+ segments, 12 records, 12 events/);
    expect(stdout).toContain('partition 1: up to index 0, record 0, root ');
  });

  test('--json is one object on standard output', async () => {
    const { code, stdout } = await auditseal('verify', mirror, '--json', '--threads', '1', '--ledger', LEDGER);
    expect(code).toBe(0);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'verified',
      checked: { mode: 'full', records: 12, anchor: null },
    });
  });

  test('one bit changed: 1, and the segment is named', async () => {
    const copy = await copyOf('flipped');
    const bytes = await readFile(join(copy, nameOf(1)));
    bytes[60] = (bytes[60] as number) ^ 1;
    await writeFile(join(copy, nameOf(1)), bytes);
    const { code, stdout } = await auditseal('verify', copy);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^violated: /);
    expect(stdout).toMatch(new RegExp(`error foreign-object: ${nameOf(1)}: `));
  });

  test('hostile names are escaped, as text and as JSON', async () => {
    const copy = await copyOf('hostile');
    await writeFile(join(copy, '\x1b[2J\u202egood'), 'x');
    for (const options of [[], ['--json']]) {
      const { code, stdout } = await auditseal('verify', copy, ...options);
      expect(code).toBe(1);
      expect(stdout).toContain('\\u001b[2J\\u202egood');
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    }
  });

  test('a tail that was cut off is noticed by a report that was kept', async () => {
    const copy = await copyOf('cut');
    await rm(join(copy, nameOf(0, '1')));
    const kept = await auditseal('verify', copy, '--since', report, '--json');
    expect(kept.code).toBe(1);
    const { findings } = JSON.parse(kept.stdout) as Report;
    expect(findings[0]).toMatchObject({ code: 'segment-missing', object: nameOf(0, '1') });
    expect(findings.filter(({ severity }) => severity === 'error')).toHaveLength(1);
  });

  test('--since goes on from a report, and --out never writes over one', async () => {
    const { code, stdout } = await auditseal('verify', mirror, '--since', report, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'verified', checked: { mode: 'incremental', segments: 2 } });
    const before = await readFile(report);
    const again = await auditseal('verify', mirror, '--out', report);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--out: ')]);
    expect(again.stdout).toMatch(/^verified: /);
    expect(await readFile(report)).toEqual(before);
  });

  test('what it can not go on from, or can not open: 2, and why', async () => {
    const tampered = join(work, 'tampered.json');
    await writeFile(tampered, (await readFile(report, 'utf8')).replace('"verified"', '"violated"'));
    const empty = join(work, 'empty');
    await mkdir(empty);
    const cases: [string[], RegExp][] = [
      [['verify', mirror, '--since', tampered], /SHA-256/],
      [['verify', mirror, '--since', join(work, 'nothing.json')], /can't be read/],
      [['verify', join(work, 'nothing')], /neither a folder nor a URL/],
      [['verify', tampered], /neither a folder nor a URL/],
      [['verify', 'https://account.example.com/'], /names no container/],
      [['verify', 'http://127.0.0.1:1/account/ledger'], /needs a SAS/],
      [['verify', 'http://['], /URL/],
      [['show', empty, '0', '0'], /no readable record 0/],
      [['mirror', mirror, tampered], /can't be made a folder/],
    ];
    for (const [args, why] of cases) {
      const { code, stdout, stderr } = await auditseal(...args);
      expect([args, code, stdout, stderr]).toEqual([args, 2, '', expect.stringMatching(why)]);
    }
    const auditor = formatVerifierKey(AUDITOR.verifierKey);
    const swapped = await auditseal('show', empty, '0', '0', '--key', auditor);
    expect([swapped.code, swapped.stderr]).toEqual([64, expect.stringContaining('give it with --auditor-key')]);
    const nothing = await auditseal('verify', empty);
    expect([nothing.code, nothing.stdout]).toEqual([2, expect.stringMatching(/^unverified: no ledger\n/)]);
  });
});

describe('auditseal show', () => {
  test.each(RECORDS.map(([what, , raw], i) => [what, i, raw] as const))(
    '--raw gives the original bytes of %s',
    async (_what, record, raw) => {
      const child = spawn(process.execPath, [CLI, 'show', mirror, '0', String(record), '--raw'], { cwd: ROOT });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      const code = await new Promise((resolve) => void child.on('close', resolve));
      expect([code, Buffer.concat(chunks).equals(raw)]).toEqual([0, true]);
    },
  );

  test('the line, its hash and its segment, with everything hostile escaped', async () => {
    const record = RECORDS.findIndex(([what]) => what === 'hostile content');
    const text = await auditseal('show', mirror, '0', String(record));
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('{"a":"\\u202eevil\\u009b31m\\u2028\\u007f","_seal":');
    expect(text.stdout).toMatch(/record hash {3}[0-9a-f]{64}\nsegment root {2}[0-9a-f]{64}\n/);
    const json = await auditseal('show', mirror, '0', String(record), '--json');
    expect(json.stdout).not.toMatch(/[\u202e\u009b\u2028\u007f]/);
    const shown = JSON.parse(json.stdout) as Record<string, unknown>;
    expect(shown['line']).toMatch(new RegExp(`^${HOSTILE.slice(0, -1)},"_seal":`));
    expect(shown).toMatchObject({
      segment: expect.stringMatching(/^segments\/0\//) as string,
      leaf: expect.any(Number) as number,
    });
  });

  test('a segment that is not intact: 1, and what is shown is told from what is sound', async () => {
    const copy = await copyOf('broken');
    const end = `{"_end":{"records":1,"root":"${'0'.repeat(64)}"}}`;
    await writeFile(join(copy, nameOf(0, '1')), forge({ partition: '1', events: [3], end }).stored);
    const { code, stdout, stderr } = await auditseal('show', copy, '1', '0');
    expect([code, stderr]).toEqual([1, expect.stringContaining('not intact')]);
    expect(stdout).toContain('{"n":3,');
  });
});

describe('auditseal mirror', () => {
  test('copies, takes only what is new, and reports what differs', async () => {
    const copy = join(work, 'a', 'new', 'folder');
    const first = await auditseal('mirror', mirror, copy, '--json');
    const { copied } = JSON.parse(first.stdout) as { copied: number };
    expect([first.code, copied > 2]).toEqual([0, true]);
    const second = await auditseal('mirror', mirror, copy);
    expect([second.code, second.stdout]).toEqual([0, `0 objects copied (0 B), ${copied} were there\n`]);
    await writeFile(join(copy, nameOf(1)), 'other');
    const third = await auditseal('mirror', mirror, copy);
    expect([third.code, third.stdout]).toEqual([
      2,
      expect.stringContaining(`not copied: ${nameOf(1)}: the mirror has 5 bytes`),
    ]);
  });
});

describe('a process that goes wrong', () => {
  test('a reader that has seen enough is no fault', async () => {
    const record = RECORDS.findIndex(([what]) => what === 'a large object');
    const child = spawn(process.execPath, [CLI, 'show', mirror, '0', String(record), '--raw', '--key', VKEY], {
      cwd: ROOT,
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => void child.on('close', resolve));
    expect([code, stderr]).toEqual([0, '']);
  });

  const builtin = "import{syncBuiltinESMExports}from'node:module';import zlib from'node:zlib';";
  test.each([
    [
      'a module that does not load',
      "import{registerHooks}from'node:module';registerHooks({load(url,c,next){if(url.includes('/chunks/verify-'))throw new Error('boom');return next(url,c)}})",
      'internal fault',
    ],
    ['a fault in the main thread', "process.stdout.write=()=>{throw new RangeError('boom')}", 'internal fault'],
    [
      'a rejection that nobody awaits',
      "process.stdout.write=()=>{Promise.reject(new Error('boom'));return true}",
      'internal fault',
    ],
    [
      'a fault where nobody catches it',
      "process.stdout.write=()=>{setImmediate(()=>{throw new Error('boom')});return true}",
      'internal fault',
    ],
    [
      'a thread that dies',
      `import{isMainThread}from'node:worker_threads';${builtin}if(!isMainThread){zlib.zstdDecompressSync=()=>process.exit(0);syncBuiltinESMExports()}`,
      'a worker thread ended',
    ],
    ['a Node.js without Zstandard', `${builtin}zlib.zstdDecompressSync=undefined;syncBuiltinESMExports()`, '22.15'],
  ])('%s never ends with 1, as a finding does, or with 0', async (_what, code, why) => {
    const ended = await hooked(code, 'verify', mirror);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(ended.stdout).not.toContain('verified');
  });
});
