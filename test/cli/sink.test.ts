import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runNode } from '../support/program.ts';
import { openSink } from '../../src/cli/sink.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'auditseal-sink-'))));
afterEach(() => rm(folder, { recursive: true }));

test('a sink that has to wait very often writes all, and leaves no listener behind', async () => {
  const path = join(folder, 'out');
  const program = `
    import { openSink } from ${JSON.stringify(join(ROOT, 'src', 'cli', 'sink.ts'))};
    const sink = await openSink(${JSON.stringify(path)});
    for (let i = 0; i < 40; i++) await sink.write('x'.repeat(100_000) + '\\n');
    await sink.close();`;
  // Node warns of too many listeners.
  expect(await runNode(['--input-type=module', '-e', program])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await readFile(path, 'utf8')).toBe(`${'x'.repeat(100_000)}\n`.repeat(40));
});

test('a file that cannot be made is named, with the reason', async () => {
  const path = join(folder, 'none', 'out');
  await expect(openSink(path)).rejects.toThrow(`--out: ${path} can't be written: there is no such folder (ENOENT)`);
});
