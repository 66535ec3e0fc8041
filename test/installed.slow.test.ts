/** The package of `npm pack`, as somebody has it who installed it: without a network, in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { formatVerifierKey } from '../src/core/note/verifierKey.ts';
import { ROOT } from '../tools/pages/markedBlock.ts';
import { forgeChain } from './support/forge.ts';
import { writeLogMirror } from './support/logMirror.ts';
import { KEY } from './support/logs.ts';
import { nodeOfMajor } from './support/nodeVersions.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** run runs a program as a user's shell does, with a Node of their choice first in PATH, and nothing of this project's npm. */
function run(program: string, args: readonly string[], cwd: string, node?: string): Ran {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_)/.test(name));
  const path = [...(node === undefined ? [] : [dirname(node)]), process.env['PATH'] ?? ''].join(delimiter);
  const env = { ...Object.fromEntries(own), PATH: path };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

let folder = '';
let tarball = '';
let mirror = '';
/** a folder that has the package and nothing else */
let home = '';

function pack(root: string, to: string): Ran {
  const packed = run('npm', ['pack', '--silent', '--pack-destination', to], root);
  if (packed.status !== 0) throw new Error(packed.stderr);
  return packed;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-installed-'));
  const { stdout } = pack(ROOT, folder);
  tarball = join(folder, stdout.trim());
  home = join(folder, 'home');
  await mkdir(home);
  const npm = ['install', '--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache'), tarball];
  const { status, stderr } = run('npm', npm, home, nodeOfMajor('24'));
  if (status !== 0 || stderr !== '') throw new Error(`npm install ended with ${String(status)}: ${stderr}`);
  mirror = join(folder, 'mirror');
  await writeLogMirror(mirror, [...forgeChain([{ events: [0] }, { events: [1, 2] }])]);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const installed = (...path: readonly string[]): string => join(home, 'node_modules', 'auditseal', ...path);

test('it brings no other package, and is below 1.5 MB', async () => {
  const names = await readdir(join(home, 'node_modules'));
  expect(names.filter((name) => !name.startsWith('.'))).toEqual(['auditseal']);
  expect((await stat(tarball)).size).toBeLessThan(1_500_000);
});

test('it holds the command line, the app, the page with its published hash, the documents and all licences', async () => {
  const held = (await readdir(installed(), { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  const wanted = [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/format.md',
    'docs/runbook.md',
    'host.json',
  ];
  expect(held).toEqual(expect.arrayContaining(wanted));
  expect(held.filter((name) => /\.map$|^(src|test|local|infra|tools)\b|\.ts$/.test(name))).toEqual([]);
  const [hash, name] = (await readFile(installed('web', 'check.html.sha256'), 'utf8')).trim().split('  ');
  const page = await readFile(installed(...(name as string).split('/')));
  expect(createHash('sha256').update(page).digest('hex')).toBe(hash);
  const notices = await readFile(installed('dist', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const owner of ['@azure/storage-blob', '@noble/hashes', 'rhea', 'valibot'])
    expect(notices).toContain(`\n${owner} `);
  for (const text of ['Permission is hereby granted', 'Apache License', 'Paul Miller', 'Microsoft Corporation'])
    expect(notices).toContain(text);
});

test('two packs, in two folders, are the same byte for byte', async () => {
  const copy = join(folder, 'copy');
  const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
  const packed = files.filter((each) => !/dist/.test(each)).map((each) => each.split('/')[0] as string);
  for (const part of new Set([...packed, 'README.md', 'LICENSE', 'package.json', 'package-lock.json']))
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  for (const part of ['src', 'functions', 'web', 'tools'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const { stdout } = pack(copy, copy);
  expect((await readFile(join(copy, stdout.trim()))).equals(await readFile(tarball))).toBe(true);
});

/** withNode gives the Node of a version, or says that this machine has none; CI has all. */
function withNode(major: string): string | undefined {
  const node = nodeOfMajor(major);
  if (node === undefined) process.stderr.write(`test: npm has no Node ${major} for this machine, so it wasn't tried\n`);
  expect(node === undefined && process.env['CI'] !== undefined).toBe(false);
  return node;
}

test.each(['22', '24'])('under Node %s it verifies a mirror, proves a record and checks the proof', (major) => {
  const node = withNode(major);
  if (node === undefined) return;
  const auditseal = (...args: readonly string[]): Ran => run('npx', ['--no-install', 'auditseal', ...args], home, node);
  expect(auditseal('--version')).toEqual({
    status: 0,
    stdout: expect.stringMatching(new RegExp(`^auditseal ${version}, Node.js v${major}\\.`)) as string,
    stderr: '',
  });
  const verified = auditseal('verify', mirror, '--key', VKEY);
  expect(verified.stdout).toContain('verified');
  expect(verified.status).toBe(0);
  const evidence = join(folder, `evidence-${major}.json`);
  const proved = auditseal('prove', mirror, '--partition', '0', '--record', '2', '--key', VKEY, '--out', evidence);
  expect(proved).toMatchObject({ status: 0, stdout: '' });
  const checked = auditseal('check', evidence, '--key', VKEY);
  expect(checked.stdout).toMatch(/^proved: this is record 2 of partition 0 /m);
  expect(checked.status).toBe(0);
});

test('SQL needs its engine: without it one sentence says what to type, and with it beside the package it answers', async () => {
  const { peerDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  const node = withNode('24');
  const query = (): Ran =>
    run(
      'npx',
      ['--no-install', 'auditseal', 'query', mirror, 'select count(*) as n from records', '--key', VKEY],
      home,
      node,
    );
  const engine = `@duckdb/node-api@${peerDependencies['@duckdb/node-api'] as string}`;
  expect(query()).toEqual({
    status: 2,
    stdout: '',
    stderr: `auditseal: the SQL engine @duckdb/node-api isn't installed; install it beside auditseal: npm install ${engine}, with --global if auditseal was installed so\n`,
  });
  // As npm installs it, without a network.
  const beside = join(home, 'node_modules', '@duckdb');
  await cp(join(ROOT, 'node_modules', '@duckdb'), beside, { recursive: true, dereference: true });
  const { status, stdout } = query();
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^n\n3\n\n1 row\n/) as string]);
  // A machine for which its native part isn't there.
  for (const name of await readdir(beside))
    if (name.startsWith('node-bindings-')) await rm(join(beside, name), { recursive: true });
  expect(query()).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^auditseal: the SQL engine .* is installed, and doesn't load on this machine \(.*\): .*\n$/,
    ) as string,
  });
  await rm(beside, { recursive: true });
});

test('installed for all of a machine, it is found by its name', async () => {
  const prefix = join(folder, 'global');
  const npm = [
    'install',
    '--global',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--cache',
    join(folder, 'cache'),
    tarball,
  ];
  const node = withNode('24');
  expect(run('npm', [...npm, '--prefix', prefix], home, node).status).toBe(0);
  const program = join(prefix, ...(process.platform === 'win32' ? ['auditseal.cmd'] : ['bin', 'auditseal']));
  expect(run(program, ['--version'], home, node).stdout).toContain(`auditseal ${version},`);
  await rm(prefix, { recursive: true });
});

test.each([['--version'], ['verify', 'mirror'], ['nonsense'], []])(
  'an old Node is told what is missing, in one line: %j',
  (...args: readonly string[]) => {
    const node = withNode('18');
    if (node === undefined) return;
    const { status, stdout, stderr } = run(join(home, 'node_modules', '.bin', 'auditseal'), args, home, node);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^auditseal \S+: Node\.js v18\.\S+ \(.*\) can't read Zstandard; use Node\.js 24, or 22\.15 or newer/,
      ),
    ]);
  },
);

test('an installation that lost a file says so, and not that something is violated', async () => {
  const broken = join(folder, 'broken');
  await cp(installed(), broken, { recursive: true });
  await rm(join(broken, 'dist', 'chunks'), { recursive: true });
  await mkdir(join(broken, 'dist', 'chunks'));
  for (const name of await readdir(installed('dist', 'chunks')))
    if (!name.startsWith('program-')) await cp(installed('dist', 'chunks', name), join(broken, 'dist', 'chunks', name));
  const { status, stderr } = run(process.execPath, [join(broken, 'dist', 'cli', 'auditseal.mjs'), '--version'], home);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^auditseal: this installation isn't whole; install it again: .*program-/);
});
