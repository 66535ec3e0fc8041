import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBodies } from '../../../local/demo/feed.ts';
import { ROOT } from '../../support/program.ts';

let folder = '';
let input = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-feed-'));
  input = join(folder, 'input');
  await mkdir(join(input, 'below'), { recursive: true });
  await writeFile(join(input, 'below', 'b'), 'body b');
  await writeFile(join(input, 'a'), 'body a');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('every file below is a body, links to files too; what is no file is left out and named', async () => {
  await writeFile(join(folder, 'elsewhere'), 'body c');
  await symlink(join(folder, 'elsewhere'), join(input, 'c'));
  await symlink(folder, join(input, 'folder'));
  await symlink(join(folder, 'nothing'), join(input, 'dangling'));
  execFileSync('mkfifo', [join(input, 'pipe')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(input, 'socket'), resolve));
  const left: string[] = [];
  const bodies = await readBodies(input, false, (path, kind) => left.push(`${path}: ${kind}`));
  await new Promise((resolve) => server.close(resolve));
  expect(bodies.map(({ file, bytes }) => [file, String(bytes)])).toEqual([
    [join(input, 'a'), 'body a'],
    [join(input, 'below', 'b'), 'body b'],
    [join(input, 'c'), 'body c'],
  ]);
  expect(left).toEqual([
    `${join(input, 'dangling')}: a link to nothing`,
    `${join(input, 'folder')}: a link to a folder`,
    `${join(input, 'pipe')}: a named pipe`,
    `${join(input, 'socket')}: a socket`,
  ]);
});

test('files that no event hub takes are told before anything is sent, however large they are', async () => {
  for (const name of ['x', 'y']) {
    await writeFile(join(input, name), '');
    await truncate(join(input, name), 2 ** 40);
  }
  await expect(readBodies(input, false)).rejects.toThrow(
    `--input: ${join(input, 'x')} has ${2 ** 40} bytes, and 1 more files are too large; an event hub takes events below 1 MB: take such files out, or cut them up`,
  );
});

test('a file that can’t be read is named, with the reason', async () => {
  // Opened by the superuser too, and read by nobody.
  const unreadable = join(input, 'd');
  if (process.platform === 'linux') await symlink('/proc/self/mem', unreadable);
  else await writeFile(unreadable, '', { mode: 0 });
  await expect(readBodies(input, false)).rejects.toThrow(/--input: .*\/d can't be read: (EIO|EACCES)/);
});

test('there may be more files than a process may have open', async () => {
  const many = join(folder, 'many');
  await mkdir(many);
  for (let n = 0; n < 5000; n++) await writeFile(join(many, String(n)), String(n));
  const feed = pathToFileURL(join(ROOT, 'local', 'demo', 'feed.ts')).href;
  const code = `const { readBodies } = await import('${feed}'); console.log((await readBodies('${many}', false)).length)`;
  const command = 'ulimit -n 256; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"';
  const told = execFileSync('bash', ['-c', command, process.execPath, code], { encoding: 'utf8', cwd: ROOT });
  expect(told).toBe('5000\n');
}, 60_000);
