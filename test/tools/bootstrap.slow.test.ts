/** The first start of a clone: what tools/bootstrap.mjs fetches, and what it says where there is no network. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { nodeOfMajor } from '../support/nodeVersions.ts';

const NAME = 'little';
let folder = '';
let clone = '';
let tarball: Buffer;

/** lockOf is a lock file that names the little package. */
const lockOf = (kind: 'dependencies' | 'optionalDependencies'): string => {
  const root = { name: 'clone', version: '1.0.0', [kind]: { [NAME]: '1.0.0' } };
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const entry = { version: '1.0.0', integrity, ...(kind === 'optionalDependencies' && { optional: true }) };
  const packages = { '': root, [`node_modules/${NAME}`]: entry };
  return JSON.stringify({ name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
};

async function writeProject(to: string, kind: 'dependencies' | 'optionalDependencies'): Promise<void> {
  await mkdir(to, { recursive: true });
  await writeFile(
    join(to, 'package.json'),
    JSON.stringify({ name: 'clone', version: '1.0.0', [kind]: { [NAME]: '1.0.0' } }),
  );
  await writeFile(join(to, 'package-lock.json'), lockOf(kind));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-bootstrap-'));
  const source = join(folder, NAME);
  await mkdir(source);
  await writeFile(join(source, 'package.json'), JSON.stringify({ name: NAME, version: '1.0.0', main: 'index.js' }));
  await writeFile(join(source, 'index.js'), 'module.exports = "fetched";');
  const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder, source], { cwd: folder });
  if (status !== 0) throw new Error('npm pack failed');
  tarball = await readFile(join(folder, `${NAME}-1.0.0.tgz`));
});
beforeEach(async () => {
  clone = join(folder, 'clone');
  await writeProject(clone, 'dependencies');
  await writeProject(join(clone, 'tools', 'node'), 'optionalDependencies');
  for (const name of ['bootstrap.mjs', 'install.mjs']) await cp(join(ROOT, 'tools', name), join(clone, 'tools', name));
  await writeFile(
    join(clone, 'program.mjs'),
    `import little from '${NAME}'; console.log(little, ...process.argv.slice(2)); process.exitCode = 3;`,
  );
});
afterEach(async () => {
  for (const used of ['clone', 'cache']) await rm(join(folder, used), { recursive: true, force: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** start starts the program of the clone, with a registry, as npm is told of it, and a cache of its own. */
async function start(
  registry: string,
  env: Readonly<Record<string, string>> = {},
  node = process.execPath,
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_(?!execpath)|_proxy$/i.test(name));
  const child = spawn(node, [join('tools', 'bootstrap.mjs'), 'program.mjs', 'x'], {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(own),
      npm_config_registry: registry,
      npm_config_cache: join(folder, 'cache'),
      npm_config_userconfig: join(folder, 'npmrc'),
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** withRegistry runs something beside an HTTP server that answers as given. */
async function withRegistry<T>(
  listener: RequestListener,
  run: (url: string, server: Server) => Promise<T>,
): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** a port that refuses, because nobody listens there any more */
const refusing = (): Promise<string> =>
  withRegistry(
    () => {},
    async (url) => Promise.resolve(url),
  );

const registry: RequestListener = ({ url = '', headers }, response) => {
  if (url.endsWith('.tgz')) return void response.end(tarball);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: `http://${headers.host}/${NAME}/-/${NAME}-1.0.0.tgz`, integrity };
  const versions = { '1.0.0': { name: NAME, version: '1.0.0', dist } };
  response.setHeader('content-type', 'application/json');
  return void response.end(JSON.stringify({ name: NAME, 'dist-tags': { latest: '1.0.0' }, versions }));
};

test('what is missing is fetched once from the registry that npm is set to, and then the program runs', async () => {
  await withRegistry(registry, async (url) => {
    const first = await start(url);
    expect(first).toMatchObject({ code: 3, stdout: 'fetched x\n' });
    expect(first.stderr).toMatch(/^auditseal: fetching the packages .*, once, from http:\/\/127\.0\.0\.1:\d+\/?\n$/);
    expect(first.stderr).toContain(url);
  });
  expect(await start(await refusing())).toEqual({ code: 3, stdout: 'fetched x\n', stderr: '' });
});

test('a registry that refuses connections is named, with the cause and what to do, and nothing runs', async () => {
  const url = await refusing();
  const { code, stdout, stderr } = await start(url);
  expect({ code, stdout }).toEqual({ code: 70, stdout: '' });
  const lines = stderr.split('\n');
  expect(lines[0]).toMatch(/^auditseal: fetching the packages/);
  expect(lines[0]).toContain(url);
  expect(lines[1]).toBe(`auditseal: ${url}/${NAME}: the connection is refused, ECONNREFUSED; npm tries again`);
  expect(lines[2]).toMatch(/^auditseal: the packages .* could not be fetched: the connection is refused, ECONNREFUSED/);
  expect(lines[3]).toMatch(/^ {2}what to do: .*npm config set registry URL/);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a registry that never answers is said to be silent meanwhile; how long npm waits is what the user set', async () => {
  const patience = { npm_config_fetch_timeout: '8000', npm_config_fetch_retries: '0' };
  const { code, stderr } = await withRegistry(
    () => {},
    (url) => start(url, patience),
  );
  expect(code).toBe(70);
  expect(stderr).toMatch(/^auditseal: \d+ s: nothing comes from there/m);
  expect(stderr).toMatch(/could not be fetched: no answer in time, /);
});

test.each([
  [404, 'the registry has no such package or version, E404'],
  [401, 'the registry refuses access, E401'],
  [503, 'the registry answers with a fault, E503'],
])('a registry that answers %d is told from a network that fails', async (status, cause) => {
  const answer: RequestListener = (_, response) => void response.writeHead(status).end('{}');
  const { code, stderr } = await withRegistry(answer, (url) => start(url));
  expect(code).toBe(70);
  expect(stderr).toContain(`could not be fetched: ${cause}`);
});

test('a package that is not the one of the lock file is refused', async () => {
  const other: RequestListener = (request, response) =>
    request.url?.endsWith('.tgz') === true ? void response.end('something else') : registry(request, response);
  const { code, stderr } = await withRegistry(other, (url) => start(url));
  expect(code).toBe(70);
  expect(stderr).toContain('what came is not what the lock file names, EINTEGRITY');
});

test('a password in the address of a registry is not shown', async () => {
  const { stderr } = await start((await refusing()).replace('//', '//somebody:hunter2@'));
  expect(stderr).toContain('ECONNREFUSED');
  expect(stderr).not.toMatch(/hunter2|somebody/);
});

test('an old Node whose successor can’t be fetched is told why, each time', async () => {
  const node = nodeOfMajor('18');
  if (node === undefined) return expect(process.env['CI'] ?? '').toBe('');
  const url = await refusing();
  for (let times = 0; times < 2; times++) {
    const { code, stderr } = await start(url, {}, node);
    expect(code).toBe(70);
    expect(stderr).toMatch(/^auditseal: fetching a newer Node \(your Node 18\.\S+ lacks Zstandard/);
    expect(stderr).toContain(`a newer Node (your Node ${/Node (18\S+)/.exec(stderr)?.[1]} lacks Zstandard`);
    expect(stderr).toContain(`the connection is refused, ECONNREFUSED (${url}/${NAME})`);
  }
});

test('where the registry has no Node for a machine, it is that which is said', async () => {
  const node = nodeOfMajor('18');
  if (node === undefined) return expect(process.env['CI'] ?? '').toBe('');
  const { code, stderr } = await withRegistry(registry, (url) => start(url, {}, node));
  expect(code).toBe(70);
  expect(stderr).toMatch(/npm has no Node for \S+; install Node 22\.18 or newer/);
});

test('a result that npm prints its banner before is told how to do without, and only such a one', async () => {
  const npm = { npm_config_user_agent: 'npm/11.0.0 node/v24.0.0', npm_lifecycle_event: 'cli' };
  await withRegistry(registry, async (url) => {
    expect((await start(url, npm)).stderr).toContain('npm printed two lines of its own before this result');
    const quiet = [{ ...npm, npm_config_loglevel: 'silent' }, { ...npm, npm_lifecycle_event: 'test' }, {}];
    for (const env of quiet) expect(await start(url, env)).toEqual({ code: 3, stdout: 'fetched x\n', stderr: '' });
    const { stderr } = await start(url, npm);
    expect(stderr).toMatch(/^auditseal: npm printed two lines .*; without them: npm run -s cli -- …\n$/);
  });
});
